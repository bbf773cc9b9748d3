import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { describeVariable } from '../../../src/firmware/decode/describe.js'
import { readContents } from '../../../src/firmware/firmware-contents.js'
import { findVariable } from '../../../src/firmware/named-variable.js'
import { certificateFacts } from '../../../src/firmware/secure-boot/certificate-facts.js'
import { readCertificateFile } from '../../../src/firmware/secure-boot/certificate-file.js'
import { DEFAULT_OWNER, planEnrollment } from '../../../src/firmware/secure-boot/enrollment.js'
import { KEY_VARIABLE } from '../../../src/firmware/secure-boot/key-variables.js'
import { microsoftKeys } from '../../../src/firmware/secure-boot/microsoft-keys.js'
import { keyEntries, secureBootState } from '../../../src/firmware/secure-boot/secure-boot-state.js'
import type { FirmwareVariable } from '../../../src/firmware/variable.js'

const STORES = ['OVMF_VARS_4M.ms.fd', 'OVMF_VARS_4M.snakeoil.fd'].filter((name) =>
  existsSync(`/usr/share/OVMF/${name}`),
)
const read = (name: string) => readContents(readFileSync(`/usr/share/OVMF/${name}`)).variables

describe.each(STORES)('%s of Debian', (name) => {
  const variables = read(name)

  it.each(['PK', 'KEK', 'db'] as const)('has in %s certificates that openssl prints alike', (key) => {
    const data = findVariable(variables, KEY_VARIABLE[key])?.data ?? Buffer.alloc(0)
    const certificates = keyEntries(variables, KEY_VARIABLE[key]).filter(({ kind }) => kind === 'x509')

    expect(certificates.length).toBeGreaterThan(0)
    for (const { data: der } of certificates) {
      const facts = certificateFacts(der)
      const ours = { subject: facts.subject, issuer: facts.issuer, fingerprint: facts.fingerprintSha256 }
      expect(ours).toEqual(asOpensslPrints(der))
      expect(
        describeVariable({ name: key, guid: KEY_VARIABLE[key].guid, attributes: 0x27, data }).join('\n'),
      ).toContain(facts.fingerprintSha256)
    }
  })

  it('is described in full: every variable that we know can be read', () => {
    const unread = variables.filter((variable) => describeVariable(variable).join(' ').includes('cannot be read'))

    expect(unread.map((variable) => variable.name)).toEqual([])
  })

  it('means that Secure Boot is on', () => {
    expect(secureBootState(variables)).toMatchObject({ on: true })
  })
})

describe("Microsoft's keys", () => {
  it.skipIf(!STORES.includes('OVMF_VARS_4M.ms.fd'))('are found in the store that Debian ships', () => {
    const { kek, db } = microsoftKeys(read('OVMF_VARS_4M.ms.fd'))

    const names = (entries: typeof db) => entries.map(({ data }) => certificateFacts(data).subject)
    expect(names(kek)).toContainEqual(expect.stringContaining('CN=Microsoft Corporation KEK'))
    expect(names(db)).toContainEqual(expect.stringContaining('UEFI CA'))
  })
})

const SNAKEOIL = '/usr/share/ovmf/PkKek-1-snakeoil.pem'

describe("Debian's snakeoil certificate", () => {
  const isThere = existsSync(SNAKEOIL) && STORES.includes('OVMF_VARS_4M.snakeoil.fd')

  it.skipIf(!isThere)('enrolled by us gives the keys and switches of the store that Debian ships with it', () => {
    const reading = readCertificateFile(readFileSync(SNAKEOIL))
    if (!reading.ok) throw new Error(reading.problem)
    const [only, nothing] = [[reading.certificate], { kek: [], db: [] }]
    const wish = { pk: reading.certificate, kek: only, db: only, dbx: [], mok: [], microsoft: nothing }

    const { after } = planEnrollment({ ...wish, owner: DEFAULT_OWNER }, read('OVMF_VARS_4M.fd'))

    expect(meaning(after)).toEqual(meaning(read('OVMF_VARS_4M.snakeoil.fd')))
  })
})

/** What Secure Boot makes of a store, without owners and time stamps. */
function meaning(variables: readonly FirmwareVariable[]) {
  return Object.values(KEY_VARIABLE).map((place) => {
    const found = findVariable(variables, place)
    const isList = found !== undefined && LISTS.has(place.name)
    const data = isList
      ? keyEntries(variables, place).map((entry) => [entry.kind, entry.data.toString('hex')])
      : found?.data
    return [place.name, found?.attributes, data]
  })
}

const LISTS: ReadonlySet<string> = new Set(['PK', 'KEK', 'db', 'dbx'])

function asOpensslPrints(der: Buffer) {
  const args = ['x509', '-inform', 'DER', '-noout', '-subject', '-issuer', '-fingerprint', '-sha256']
  const text = execFileSync('openssl', [...args, '-nameopt', 'utf8,sep_comma_plus_space,sname'], {
    input: der,
  }).toString()
  const value = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1]
  return { subject: value('subject'), issuer: value('issuer'), fingerprint: value('sha256 Fingerprint') }
}
