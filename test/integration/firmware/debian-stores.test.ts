import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CHECKED_STORE } from '../../../src/firmware/checked-store.js'
import { describeVariable } from '../../../src/firmware/decode/describe.js'
import { certificateFacts } from '../../../src/firmware/secure-boot/certificate-facts.js'
import { KEY_VARIABLE } from '../../../src/firmware/secure-boot/key-variables.js'
import { microsoftKeys } from '../../../src/firmware/secure-boot/microsoft-keys.js'
import { keyEntries, secureBootState } from '../../../src/firmware/secure-boot/secure-boot-state.js'

const STORES = ['OVMF_VARS_4M.ms.fd', 'OVMF_VARS_4M.snakeoil.fd'].filter((name) =>
  existsSync(`/usr/share/OVMF/${name}`),
)
const read = (name: string) => CHECKED_STORE.read(readFileSync(`/usr/share/OVMF/${name}`))

describe.each(STORES)('%s of Debian', (name) => {
  const variables = read(name)

  it.each(['PK', 'KEK', 'db'] as const)('has in %s certificates that openssl prints alike', (key) => {
    const data = variables.find((variable) => variable.name === key)?.data ?? Buffer.alloc(0)
    const certificates = keyEntries(data).filter(({ kind }) => kind === 'x509')

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

function asOpensslPrints(der: Buffer) {
  const args = ['x509', '-inform', 'DER', '-noout', '-subject', '-issuer', '-fingerprint', '-sha256']
  const text = execFileSync('openssl', [...args, '-nameopt', 'utf8,sep_comma_plus_space,sname'], {
    input: der,
  }).toString()
  const value = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1]
  return { subject: value('subject'), issuer: value('issuer'), fingerprint: value('sha256 Fingerprint') }
}
