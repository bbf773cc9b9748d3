import { X509Certificate } from 'node:crypto'
import { signatureList, writeSignatureLists } from '../decode/signature-list.js'
import { applyEdits, editsToSet } from '../edit-variables.js'
import { findVariable } from '../named-variable.js'
import type { FirmwareVariable } from '../variable.js'
import type { CertificateFacts } from './certificate-facts.js'
import { isRevoked } from './judge-image.js'
import { KEY_VARIABLE } from './key-variables.js'
import { keyEntries } from './secure-boot-state.js'

/** The variable that makes programs under a certificate start: `db` those of the firmware, too; `MokList` those of shim only. */
export type TrustedBy = 'db' | 'MokList'

/**
 * Which variable stands for a certificate, by itself or by the one that issued it; undefined when none does.
 *
 * @throws {RangeError} when keys in the store are damaged.
 */
export function trustedBy({ der }: CertificateFacts, variables: readonly FirmwareVariable[]): TrustedBy | undefined {
  const certificate = new X509Certificate(der)
  return (['db', 'MokList'] as const).find((name) =>
    certificatesIn(variables, name).some((anchor) => isUnder(certificate, anchor)),
  )
}

/** Adds a certificate to those that are in MokList. @throws {RangeError} when keys in the store are damaged. */
export function withMok(
  variables: readonly FirmwareVariable[],
  { der }: CertificateFacts,
  owner: string,
): readonly FirmwareVariable[] {
  const present = findVariable(variables, KEY_VARIABLE.MokList)?.data ?? Buffer.alloc(0)
  const added = writeSignatureLists([signatureList('x509', [{ owner, data: der }])])
  const variable = { ...KEY_VARIABLE.MokList, data: Buffer.concat([present, added]) }
  return applyEdits(variables, editsToSet([variable]))
}

/**
 * Why shim would not start what is signed under a certificate although MokList or db has it; the end of the sentence "the
 * certificate …".
 */
export function shimRefusal(certificate: CertificateFacts, variables: readonly FirmwareVariable[]): string | undefined {
  const dbx = keyEntries(variables, KEY_VARIABLE.dbx)
  if (dbx.some(({ kind, data }) => kind === 'x509' && data.equals(certificate.der)) || isRevoked(dbx, certificate.der))
    return 'is in dbx, which refuses what is signed under it'
  // Node's keyUsage is the extended one. Absent: undefined, whatever its type says.
  const purposes: readonly string[] = new X509Certificate(certificate.der).keyUsage ?? []
  return purposes.includes(MODULES_ONLY)
    ? `is for kernel modules only (extended key usage ${MODULES_ONLY}), and shim starts nothing under such a one`
    : undefined
}

/** Names of variables that have the very key of this certificate: who has it can do what those keys can. */
export function sharesKeyWith({ der }: CertificateFacts, variables: readonly FirmwareVariable[]): readonly string[] {
  const own = new X509Certificate(der).publicKey
  return (['PK', 'KEK', 'db'] as const).filter((name) =>
    certificatesIn(variables, name).some(({ publicKey }) => publicKey.equals(own)),
  )
}

function isUnder(certificate: X509Certificate, anchor: X509Certificate): boolean {
  if (anchor.raw.equals(certificate.raw)) return true
  return certificate.checkIssued(anchor) && certificate.verify(anchor.publicKey)
}

function certificatesIn(
  variables: readonly FirmwareVariable[],
  name: 'PK' | 'KEK' | 'db' | 'MokList',
): readonly X509Certificate[] {
  return keyEntries(variables, KEY_VARIABLE[name]).flatMap(({ kind, data }) => {
    if (kind !== 'x509') return []
    try {
      return [new X509Certificate(data)]
    } catch {
      // The firmware goes on to the next one, too.
      return []
    }
  })
}

/** OID_EKU_MODSIGN. Source: rhboot/shim, shim.c, verify_eku(). */
const MODULES_ONLY = '1.3.6.1.4.1.2312.16.1.2'
