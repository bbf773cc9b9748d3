import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readContents } from '../../../src/firmware/firmware-contents.js'
import { certificateFacts } from '../../../src/firmware/secure-boot/certificate-facts.js'
import { KEY_VARIABLE } from '../../../src/firmware/secure-boot/key-variables.js'
import { keyEntries } from '../../../src/firmware/secure-boot/secure-boot-state.js'
import { GUID } from '../../../src/firmware/variable.js'
import { runToolOrFail } from '../../../src/host/run-tool.js'
import { CvmError } from '../../../src/model/errors.js'
import type { LaunchWishes } from '../../../src/model/launch.js'
import type { FirmwareVariableWish, SecureBootPlan, Wishes } from '../../../src/model/wishes.js'
import { makeKeys } from '../../../src/stages/make-keys.js'
import { type OutputFirmware, outputFirmware } from '../../../src/stages/output-firmware.js'

const NOW = new Date('2026-11-25T00:00:00Z')
const TIMEOUT: FirmwareVariableWish = { name: 'Timeout', form: 'plain', text: '3', plugins: ['21-vars'] }
const OWN = '01234567-89ab-cdef-0123-456789abcdef'
let dir: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cvm-output-firmware-'))
  const request = { dir: join(dir, 'keys'), name: 'Test', notBefore: new Date('2026-01-01'), days: 3650 }
  await makeKeys(request, new AbortController().signal)
  await aGuestKey()
}, 60_000)
afterAll(async () => await rm(dir, { recursive: true, force: true }))

const key = (name: string) => join(dir, 'keys', name)

/** A key for a guest; its certificates for everything and for kernel modules only, and the key once more with a passphrase. */
async function aGuestKey(): Promise<void> {
  const openssl = async (...args: readonly string[]) => await runToolOrFail({ tool: 'openssl', args })
  const modules = ['-addext', 'extendedKeyUsage=1.3.6.1.4.1.2312.16.1.2']
  const made = ['-newkey', 'rsa:2048', '-noenc', '-keyout', key('guest.key')]
  await openssl('req', '-new', '-x509', ...made, '-subj', '/CN=guest', '-days', '30', '-out', key('guest.pem'))
  const again = ['-key', key('guest.key'), '-subj', '/CN=guest', '-days', '30', '-out', key('modules.pem')]
  await openssl('req', '-new', '-x509', ...again, ...modules)
  const request = ['-key', key('guest.key'), '-subj', '/CN=guest', '-out', key('guest.csr')]
  await openssl('req', '-new', ...request)
  const authority = ['-newkey', 'rsa:2048', '-noenc', '-keyout', key('ca.key'), '-subj', '/CN=authority']
  await openssl('req', '-new', '-x509', ...authority, '-days', '30', '-out', key('ca.pem'))
  const issuer = ['-CA', key('ca.pem'), '-CAkey', key('ca.key'), '-set_serial', '2']
  await openssl('x509', '-req', '-in', key('guest.csr'), ...issuer, '-days', '30', '-out', key('issued.pem'))
  await openssl('pkey', '-in', key('guest.key'), '-aes256', '-passout', 'pass:word', '-out', key('locked.key'))
}

const asked = (word: string) => ({ word, plugins: ['20-keys'] })

function keysPlan(changes: Partial<SecureBootPlan> = {}): SecureBootPlan {
  return {
    pk: asked(key('PK.pem')),
    kek: [asked(key('KEK.pem'))],
    db: [asked(key('db.pem'))],
    dbx: [],
    mok: [],
    microsoft: false,
    sign: { key: key('db.key'), cert: key('db.pem'), what: ['shim', 'grub'] },
    plugins: ['20-keys'],
    ...changes,
  }
}

async function made(wishes: Wishes, launch: LaunchWishes = {}, firmwareImage?: string): Promise<OutputFirmware> {
  const found = await outputFirmware({ wishes, launch, firmwareImage, output: join(dir, 'output.qcow2'), now: NOW })
  if (found === undefined) throw new Error('nothing is wanted')
  return found
}

async function refusal(wishes: Wishes, launch: LaunchWishes = {}): Promise<string> {
  const error = await made(wishes, launch).catch((thrown: unknown) => thrown)
  if (!(error instanceof CvmError)) throw new Error('it was not refused')
  return [error.code, error.message, error.why, ...(error.lines ?? [])].join('\n')
}

describe('outputFirmware', () => {
  it('is none when nobody wants anything of it', async () => {
    const input = { wishes: {}, launch: { vcpus: 2 }, firmwareImage: undefined, output: '/o.qcow2', now: NOW }

    expect(await outputFirmware(input)).toBeUndefined()
  })

  it('takes the code with Secure Boot, and variables without keys, for keys that are given', async () => {
    const firmware = await made({ secureBoot: keysPlan(), firmwareVariables: { variables: [TIMEOUT] } })

    expect(firmware.template).toBe('/usr/share/OVMF/OVMF_VARS_4M.fd')
    expect(firmware.layers).toContainEqual({
      origin: '20-keys/plugin.yaml, 21-vars/plugin.yaml',
      wishes: {
        firmware: 'uefi',
        firmwareCode: '/usr/share/OVMF/OVMF_CODE_4M.secboot.fd',
        firmwareVars: join(dir, 'output.OVMF_VARS.fd'),
        secureBoot: true,
      },
    })
    expect(firmware.changes.set).toEqual(['CustomMode', 'KEK', 'PK', 'SecureBootEnable', 'Timeout', 'db', 'dbx'])
    expect(firmware.signer).toMatchObject({ keyFile: key('db.key'), what: ['shim', 'grub'] })
    expect(firmware.state.on).toBe(true)
  })

  it("has the launch wait as long as Timeout says, because OVMF asks QEMU's boot menu", async () => {
    const { layers, notes } = await made({ firmwareVariables: { variables: [TIMEOUT] } })

    expect(layers.at(-1)).toEqual({ origin: '21-vars/plugin.yaml: Timeout', wishes: { bootMenuWaitSeconds: 3 } })
    expect(notes).toEqual([])
  })

  it('says of a Timeout that was in the firmware before that it is lost', async () => {
    const firmwareVars = join(dir, 'waiting.fd')
    const { bytes } = await made({ firmwareVariables: { variables: [TIMEOUT] } })
    await writeFile(firmwareVars, bytes)
    const other: FirmwareVariableWish = { ...TIMEOUT, name: 'Lang', text: 'eng' }
    const wishes = { firmwareVariables: { variables: [other] } }
    const launch = { firmwareVars, firmwareCode: '/usr/share/OVMF/OVMF_CODE_4M.fd' }

    const lost = await made(wishes, launch)
    const kept = await made(wishes, { ...launch, bootMenuWaitSeconds: 3 })

    expect(lost.layers).toHaveLength(1)
    expect(lost.notes).toEqual([expect.stringMatching(/^firmware: OVMF overwrites Timeout .* --boot-menu-wait 3 /)])
    expect(kept.notes).toEqual([])
  })

  it('gives the same bytes for the same wishes', async () => {
    const [one, other] = [await made({ secureBoot: keysPlan() }), await made({ secureBoot: keysPlan() })]

    expect(one.bytes.equals(other.bytes)).toBe(true)
  })

  it('writes a MokList as shim wants it: not for the running system', async () => {
    const { bytes } = await made({ secureBoot: keysPlan({ mok: [asked(key('KEK.pem'))] }) })
    const mok = readContents(bytes).variables.find(({ name }) => name === 'MokList')

    expect(mok).toMatchObject({ guid: GUID.shim, attributes: 0x03 })
  })

  it('puts a MokList alone beside the keys that the firmware for Secure Boot has', async () => {
    const plan: SecureBootPlan = {
      kek: [],
      db: [],
      dbx: [],
      mok: [asked(key('db.pem'))],
      microsoft: false,
      plugins: ['a'],
    }
    const firmware = await made({ secureBoot: plan }, { secureBoot: true })

    expect(firmware.template).toBe('/usr/share/OVMF/OVMF_VARS_4M.ms.fd')
    expect(firmware.changes.set).toEqual(['MokList'])
    expect(firmware.state.on).toBe(true)
  })

  it('only signs where no keys are given, under those that the firmware has', async () => {
    const { pk: _, ...none } = keysPlan({ kek: [], db: [] })
    const firmware = await made({ secureBoot: none }, { secureBoot: true })

    expect(firmware.template).toBe('/usr/share/OVMF/OVMF_VARS_4M.ms.fd')
    expect(firmware.changes).toEqual({ set: [], deleted: [] })
    expect(firmware.state.on).toBe(true)
    expect(firmware.signer?.keyFile).toBe(key('db.key'))
  })

  it("has Microsoft's certificates behind those of the owner", async () => {
    const { state } = await made({ secureBoot: keysPlan({ microsoft: true }) })

    expect(state.db.length).toBeGreaterThan(1)
    expect(state.db[0]?.owner).not.toBe(state.db[1]?.owner)
  })

  it('keeps the files that the launch names, and the keys in its variables', async () => {
    const launch = {
      firmwareCode: '/usr/share/OVMF/OVMF_CODE_4M.ms.fd',
      firmwareVars: '/usr/share/OVMF/OVMF_VARS_4M.ms.fd',
      secureBoot: true,
    }
    const firmware = await made({ firmwareVariables: { variables: [TIMEOUT] } }, launch)

    expect(firmware).toMatchObject({ template: launch.firmwareVars, code: launch.firmwareCode })
    expect(firmware.changes.set).toEqual(['Timeout'])
    expect(firmware.layers[0]?.wishes).toMatchObject({ firmwareCode: launch.firmwareCode, secureBoot: true })
    expect(firmware.signer).toBeUndefined()
  })

  it('has another GUID, attributes and date for those who ask for them', async () => {
    const name = 'Mine-01234567-89ab-cdef-0123-456789abcdef'
    const wish = { form: 'hex', text: '0102', attributes: 'nv,bs,rt,at', date: '2026-01-31', plugins: ['a'] } as const
    const { variables } = await made({ firmwareVariables: { variables: [{ name, ...wish }] } })

    expect(variables).toContainEqual({
      name: 'Mine',
      guid: '01234567-89ab-cdef-0123-456789abcdef',
      attributes: 0x27,
      data: Buffer.from([1, 2]),
      time: Buffer.from('ea07011f000000000000000000000000', 'hex'),
    })
  })

  it('removes what is to be deleted, whether it is there or not', async () => {
    const gone = (name: string) => ({ name, form: 'delete', text: '', plugins: ['a'] }) as const
    const launch = {
      firmwareVars: '/usr/share/OVMF/OVMF_VARS_4M.ms.fd',
      firmwareCode: '/usr/share/OVMF/OVMF_CODE_4M.ms.fd',
    }
    const variables = [gone('PK'), gone('BootNext')]
    const firmware = await made({ firmwareVariables: { variables } }, launch)

    expect(firmware.changes.deleted).toEqual(['PK'])
    expect(firmware.state.on).toBe(false)
  })

  it.each<readonly [string, Wishes, LaunchWishes, RegExp]>([
    ['a BIOS', { firmwareVariables: { variables: [TIMEOUT] } }, { firmware: 'bios' }, /LAUNCH_INVALID\n.*has a BIOS/],
    [
      'a TD without a single file',
      { firmwareVariables: { variables: [TIMEOUT] } },
      { tee: 'tdx' },
      /takes no separate file/,
    ],
    [
      'a launch that is to wait another time',
      { firmwareVariables: { variables: [TIMEOUT] } },
      { bootMenuWaitSeconds: 5 },
      /LAUNCH_INVALID\nthe boot menu is to wait 3 s, and 5 s\nTimeout is 3 \(21-vars\/plugin\.yaml\)/,
    ],
    [
      'one variable by two names',
      {
        firmwareVariables: {
          variables: [TIMEOUT, { ...TIMEOUT, name: `Timeout-${GUID.global}`, text: '5' }],
        },
      },
      {},
      /are the same variable/,
    ],
  ])('is refused for %s', async (_, wishes, launch, words) => {
    expect(await refusal(wishes, launch)).toMatch(words)
  })

  it.each([
    ['hex', 'abc', /Mine \(a\): hex takes pairs of hex digits, not "abc"/],
    ['u16', '65536', /u16 takes a number of 16 bits, not "65536"/],
    ['plain', 'on', /others take hex, text, utf16, u8, u16, u32, u64 or file/],
    ['hex', '0x', /UEFI has no empty variables/],
  ] as const)(
    'tells what is wrong with %s %s in words of a plugin.yaml, not of a command line',
    async (form, text, words) => {
      const said = await refusal({
        firmwareVariables: { variables: [{ name: `Mine-${OWN}`, form, text, plugins: ['a'] }] },
      })

      expect(said.replace(`-${OWN}`, '')).toMatch(words)
      expect(said).not.toMatch(/--|cvm-rewrite/)
    },
  )

  it('says of a file that is not there which key of a plugin.yaml names it', async () => {
    const plan = keysPlan({ pk: asked(key('gone.pem')) })

    expect(await refusal({ secureBoot: plan })).toMatch(/\nsecure-boot\.pk: \S+gone\.pem does not exist/)
  })

  it('is refused for keys when the launch wants no Secure Boot', async () => {
    expect(await refusal({ secureBoot: keysPlan() }, { secureBoot: false })).toMatch(/LAUNCH_INVALID\n.*no Secure Boot/)
  })

  it('enrols the certificate of the guest in MokList, behind those that are there, and says that its key is in the image', async () => {
    const guestSigner = { key: key('guest.key'), cert: key('guest.pem'), plugins: ['20-keys'] }
    const firmware = await made({ secureBoot: keysPlan({ mok: [asked(key('KEK.pem'))], guestSigner }) })
    const mok = keyEntries(firmware.variables, KEY_VARIABLE.MokList)

    expect(mok.map(({ data }) => certificateFacts(data).subject)).toEqual(['CN=Test KEK', 'CN=guest'])
    expect(firmware.guestSigner).toMatchObject({ trustedBy: 'MokList' })
    expect(firmware.state.db).toHaveLength(1)
    expect(firmware.notes.join('\n')).toMatch(/private key of guest is put into the image \(\/etc\/cvm/)
    expect(firmware.notes.join('\n')).not.toMatch(/WARNING/)
  })

  it('enrols the certificate of the guest beside a MokList of the firmware, and only once', async () => {
    const guestSigner = { key: key('guest.key'), cert: key('guest.pem'), plugins: ['20-keys'] }
    const vars = join(dir, 'earlier.fd')
    await writeFile(vars, (await made({ secureBoot: keysPlan({ mok: [asked(key('KEK.pem'))] }) })).bytes)
    const launch = { firmwareCode: '/usr/share/OVMF/OVMF_CODE_4M.secboot.fd', firmwareVars: vars, secureBoot: true }
    const { pk: _, sign: __, ...none } = keysPlan({ kek: [], db: [] })
    const first = await made({ secureBoot: { ...none, guestSigner } }, launch)
    await writeFile(vars, first.bytes)
    const second = await made({ secureBoot: { ...none, guestSigner } }, launch)

    const mok = keyEntries(first.variables, KEY_VARIABLE.MokList)
    expect(mok.map(({ data }) => certificateFacts(data).subject)).toEqual(['CN=Test KEK', 'CN=guest'])
    expect(second.guestSigner?.trustedBy).toBe('MokList')
    expect(second.changes.set).toEqual([])
  })

  it('takes a certificate that one of db has issued for trusted by db, and warns', async () => {
    const guestSigner = { key: key('guest.key'), cert: key('issued.pem'), plugins: ['20-keys'] }
    const db = [asked(key('db.pem')), asked(key('ca.pem'))]
    const firmware = await made({ secureBoot: keysPlan({ db, guestSigner }) })

    expect(firmware.guestSigner?.trustedBy).toBe('db')
    expect(firmware.changes.set).not.toContain('MokList')
    expect(firmware.notes.join('\n')).toMatch(/WARNING: guest is trusted by db/)
  })

  it.each([
    ['db', 'db', /WARNING: Test db has the key of db, so root in the guest can sign whatever the firmware starts/],
    ['KEK', 'MokList', /WARNING: Test KEK has the key of KEK/],
  ])('warns when the guest gets the key of %s', async (name, trustedBy, words) => {
    const guestSigner = { key: key(`${name}.key`), cert: key(`${name}.pem`), plugins: ['20-keys'] }
    const firmware = await made({ secureBoot: keysPlan({ guestSigner }) })

    expect(firmware.guestSigner?.trustedBy).toBe(trustedBy)
    expect(firmware.notes.join('\n')).toMatch(words)
  })

  it.each<readonly [string, string, string, Partial<SecureBootPlan>, RegExp]>([
    ['another certificate', 'PK', 'guest', {}, /PK\.key is not the key of the certificate in \S+guest\.pem/],
    ['a passphrase', 'locked', 'guest', {}, /secure-boot\.guest-signer\.key \S+: the private key has a passphrase/],
    [
      'a certificate in dbx',
      'guest',
      'guest',
      { dbx: [asked('guest')] },
      /guest-signer \S+: the certificate is in dbx/,
    ],
    [
      'a certificate for modules',
      'guest',
      'modules',
      {},
      /guest-signer \S+: the certificate is for kernel modules only/,
    ],
  ])('is refused for a key of the guest with %s', async (_, keyName, certName, changes, words) => {
    const guestSigner = { key: key(`${keyName}.key`), cert: key(`${certName}.pem`), plugins: ['20-keys'] }
    const dbx = (changes.dbx ?? []).map(({ word }) => asked(key(`${word}.pem`)))

    expect(await refusal({ secureBoot: keysPlan({ ...changes, dbx, guestSigner }) })).toMatch(words)
  })

  it('is refused for keys that do not fit, with all problems', async () => {
    await writeFile(key('text.pem'), 'no certificate')
    const wrong = keysPlan({ pk: asked(key('text.pem')), db: [asked(key('db.key'))] })

    expect(await refusal({ secureBoot: wrong })).toMatch(
      /KEYS_REFUSED\n2 problems.*\n[\s\S]*secure-boot\.pk \S*text\.pem[\s\S]*secure-boot\.db .*private key/,
    )
    const signer = keysPlan({ sign: { key: key('PK.key'), cert: key('db.pem'), what: ['grub'] } })
    expect(await refusal({ secureBoot: signer })).toMatch(/PK\.key is not the key of the certificate/)
  })
})
