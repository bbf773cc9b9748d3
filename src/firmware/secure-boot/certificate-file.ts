import { createPrivateKey } from 'node:crypto'
import { readSignatureLists } from '../decode/signature-list.js'
import { derChildren, derOid, readDer, TAG } from '../der.js'
import { type CertificateFacts, certificateFacts, shortName } from './certificate-facts.js'

/** One certificate out of a file, or why there is none, as the end of the sentence "FILE …". */
export type CertificateReading =
  | { readonly ok: true; readonly certificate: CertificateFacts }
  | { readonly ok: false; readonly problem: string }

/** Reads a file that must hold exactly one certificate, PEM or DER, and nothing secret. */
export function readCertificateFile(bytes: Buffer): CertificateReading {
  if (bytes.length === 0) return refused('is empty')
  const blocks = pemBlocks(bytes)
  return blocks.length > 0 ? fromPem(blocks) : fromDer(bytes)
}

/** A certificate as PEM, which is what OpenSSL and sbsign read. */
export function certificatePem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

interface PemBlock {
  readonly label: string
  readonly der: Buffer
}

function pemBlocks(bytes: Buffer): readonly PemBlock[] {
  const text = bytes.toString('latin1')
  return [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g)].map(
    ([, label = '', body = '']) => ({
      label,
      der: Buffer.from(body, 'base64'),
    }),
  )
}

function fromPem(blocks: readonly PemBlock[]): CertificateReading {
  if (blocks.some(({ label }) => label.endsWith('PRIVATE KEY')))
    return refused('holds a private key; give the certificate alone, and keep the key secret')
  const certificates = blocks.filter(({ label }) => CERTIFICATE_LABELS.has(label))
  const [only] = certificates
  if (only === undefined)
    return refused(`holds ${PEM_WORDS[blocks[0]?.label ?? ''] ?? 'PEM of another kind'}, not a certificate`)
  if (certificates.length > 1) return refused(severalWords(certificates.map(({ der }) => der)))
  return parsed(only.der)
}

function fromDer(bytes: Buffer): CertificateReading {
  const all = derValues(bytes)
  if (all === undefined) return refused(otherFile(bytes))
  const [only = bytes] = all
  if (all.length > 1) {
    const isEach = all.every((der) => parsed(der).ok)
    return refused(isEach ? severalWords(all) : 'holds more than one DER value; it must be one certificate')
  }
  return parsed(only)
}

function parsed(der: Buffer): CertificateReading {
  try {
    return { ok: true, certificate: certificateFacts(der) }
  } catch (error) {
    const other = otherDer(der)
    return refused(other ?? `holds no certificate that can be read: ${error instanceof Error ? error.message : error}`)
  }
}

/** Subjects one by one, so that the person sees which to take. */
function severalWords(all: readonly Buffer[]): string {
  const names = all.map((der) => {
    const reading = parsed(der)
    return reading.ok ? shortName(reading.certificate) : 'one that cannot be read'
  })
  return `holds ${all.length} certificates (${names.join('; ')}); each needs a file and an option of its own`
}

/** The values of a file that consists of DER; undefined when it does not. */
function derValues(bytes: Buffer): readonly Buffer[] | undefined {
  const values: Buffer[] = []
  try {
    for (let rest = bytes; rest.length > 0; rest = rest.subarray(values.at(-1)?.length)) {
      const value = readDer(rest)
      if (value.tag !== TAG.sequence) return undefined
      values.push(value.whole)
    }
    return values
  } catch {
    return undefined
  }
}

function otherDer(der: Buffer): string | undefined {
  if (isPrivateKey(der)) return 'holds a private key; give the certificate alone, and keep the key secret'
  try {
    const [first, second] = derChildren(readDer(der))
    if (first?.tag === TAG.oid && derOid(first) === PKCS7_SIGNED) return 'holds a PKCS#7 bundle, not a certificate'
    if (first?.tag === TAG.integer && first.content.equals(Buffer.from([3])) && second?.tag === TAG.sequence)
      return 'holds a PKCS#12 store, not a certificate'
  } catch {
    // Nothing that we know.
  }
  return undefined
}

function isPrivateKey(der: Buffer): boolean {
  return (['pkcs8', 'pkcs1', 'sec1'] as const).some((type) => {
    try {
      createPrivateKey({ key: der, format: 'der', type })
      return true
    } catch {
      return false
    }
  })
}

function otherFile(bytes: Buffer): string {
  if (bytes.toString('latin1', 0, 2) === 'MZ') return 'is a program (PE), not a certificate'
  const isList = (() => {
    try {
      return readSignatureLists(bytes).length > 0
    } catch {
      return false
    }
  })()
  if (isList) return 'is a signature list (.esl), not a certificate'
  if (bytes.includes('-----BEGIN ')) return 'is PEM text that is cut short'
  return 'is neither PEM nor DER: not a certificate'
}

function refused(problem: string): CertificateReading {
  return { ok: false, problem }
}

const CERTIFICATE_LABELS: ReadonlySet<string> = new Set(['CERTIFICATE', 'X509 CERTIFICATE'])
const PEM_WORDS: Readonly<Record<string, string>> = {
  'CERTIFICATE REQUEST': 'a request for a certificate',
  'NEW CERTIFICATE REQUEST': 'a request for a certificate',
  'PUBLIC KEY': 'a public key',
  'RSA PUBLIC KEY': 'a public key',
  'TRUSTED CERTIFICATE': "a certificate in OpenSSL's own trusted form",
  PKCS7: 'a PKCS#7 bundle',
  CMS: 'a PKCS#7 bundle',
  'X509 CRL': 'a list of revoked certificates',
}
const PKCS7_SIGNED = '1.2.840.113549.1.7.2'
