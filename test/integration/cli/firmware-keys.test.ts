import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MICROSOFT_STORE } from '../../../src/firmware/secure-boot/microsoft-keys.js'
import { makeScratch, type Scratch } from '../../../src/host/scratch.js'
import { aPe } from '../../fixtures/a-pe.js'
import { runCli } from './run-cli.js'

const STORE = '/usr/share/OVMF/OVMF_VARS_4M.fd'
const KEYS = ['--pk', 'keys/PK.pem', '--kek', 'keys/KEK.pem', '--db', 'keys/db.pem']
let scratch: Scratch
const firmware = async (...args: readonly string[]) => await runCli(scratch.path, ['firmware', ...args])
const at = (name: string) => join(scratch.path, name)

beforeAll(async () => {
  scratch = await makeScratch(tmpdir(), 'firmware-cli', 0o700)
  expect(await firmware('keys', 'keys', '--name', 'Mine')).toMatchObject({ code: 0, stderr: '' })
  writeFileSync(at('program.efi'), aPe())
  writeFileSync(at('other.efi'), aPe({ tail: Buffer.from('another') }))
}, 60_000)
afterAll(async () => await scratch.remove())

describe('firmware keys', () => {
  it('says what was made and what to type next', async () => {
    const { code, stdout } = await firmware('keys', 'more', '--not-before', '2026-01-31', '--days', '10')

    expect(code).toBe(0)
    expect(stdout).toContain('subject: CN=Secure Boot PK')
    expect(stdout).toContain('valid: 2026-01-31 to 2026-02-10; RSA 3072, sha256')
    expect(stdout).toContain('next: cvm-rewrite firmware enroll')
    expect(statSync(at('more/db.key')).mode & 0o777).toBe(0o600)
  })

  it.each([
    ['--days', '0'],
    ['--not-before', '2026-02-31'],
    ['--name', 'a/CN=b'],
  ])('refuses %s %s', async (option, value) => {
    expect(await firmware('keys', 'never', option, value)).toMatchObject({ code: 2, stdout: '' })
    expect(existsSync(at('never'))).toBe(false)
  })

  it('never replaces keys', async () => {
    const before = readFileSync(at('keys/PK.key'))

    const { code, stderr } = await firmware('keys', 'keys')

    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('OUTPUT_EXISTS') })
    expect(readFileSync(at('keys/PK.key'))).toEqual(before)
  })
})

describe.skipIf(!existsSync(STORE))('firmware enroll', () => {
  it('writes a store with our keys, the same bytes each time, and tells what changed', async () => {
    const { code, stdout, stderr } = await firmware('enroll', STORE, ...KEYS, '-o', 'vars.fd')
    const again = await firmware('enroll', STORE, ...KEYS, '-o', 'vars.fd', '--force', '--json')

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^vars\.fd\n/)
    expect(stdout).toMatch(/ \+ PK 8be4df61\S+, NV,BS,RT,AT\n +certificate, owner .*\n +subject: CN=Mine PK\n/)
    expect(stdout).toMatch(/Secure Boot is on: a platform key/)
    expect(stdout).toMatch(/change: .*PK \(RTMR0, PCR 7\).*SecureBoot \(RTMR0, PCR 7\)/)
    const first = readFileSync(at('vars.fd'))
    expect(JSON.parse(again.stdout)).toMatchObject({ outcome: 'ok', changed: [], accepted: [], notes: [] })
    expect(readFileSync(at('vars.fd'))).toEqual(first)
    expect(first.length).toBe(statSync(STORE).size)
  })

  it('makes a store that starts what is signed with our key, and nothing else', async () => {
    await firmware('enroll', STORE, ...KEYS, '-o', 'verify.fd')
    await firmware('sign', 'program.efi', '--key', 'keys/db.key', '--cert', 'keys/db.pem', '-o', 'signed.efi')

    const good = await firmware('verify', 'signed.efi', '--against', 'verify.fd')
    const bad = await firmware('verify', 'program.efi', '--against', 'verify.fd', '--json')
    const off = await firmware('verify', 'program.efi', '--against', STORE)

    expect(good).toMatchObject({ code: 0, stdout: expect.stringMatching(/^accepted signed\.efi: .* in db: Mine db\n/) })
    expect(bad.code).toBe(8)
    expect(JSON.parse(bad.stdout)).toMatchObject({ outcome: 'refused', secureBoot: 'on' })
    expect(off).toMatchObject({ code: 0, stdout: expect.stringMatching(/^accepted unchecked .*\n.*would be refused/) })
  })

  it('tells all that is wrong with the files at once, and writes nothing', async () => {
    writeFileSync(at('two.pem'), Buffer.concat(['PK', 'db'].map((name) => readFileSync(at(`keys/${name}.pem`)))))
    const given = ['--pk', 'keys/PK.key', '--kek', 'two.pem', '--db', 'program.efi', '--db', 'gone.pem']

    const { code, stdout, stderr } = await firmware('enroll', STORE, ...given, '-o', 'bad.fd')

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('error[KEYS_REFUSED] 4 problems')
    expect(stderr).toMatch(/--pk keys\/PK\.key: the file holds a private key/)
    expect(stderr).toMatch(/--kek two\.pem: the file holds 2 certificates \(Mine PK; Mine db\)/)
    expect(stderr).toMatch(/--db program\.efi: the file is a program/)
    expect(stderr).toMatch(/gone\.pem does not exist/)
    expect(readdirSync(scratch.path).filter((name) => name.includes('bad.fd'))).toEqual([])
  })

  it('takes an expired or weak certificate only with --accept-doubts', async () => {
    const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: scratch.path, stdio: 'pipe' })
    const key = ['-newkey', 'rsa:1024', '-nodes', '-keyout', 'weak.key', '-subj', '/CN=weak']
    openssl('req', '-new', '-config', '/dev/null', ...key, '-out', 'weak.csr')
    openssl('x509', '-req', '-in', 'weak.csr', '-signkey', 'weak.key', '-sha1', '-days', '-1', '-out', 'weak.pem')
    const given = ['enroll', STORE, ...KEYS, '--db', 'weak.pem', '-o', 'weak.fd']

    const refused = await firmware(...given)
    const taken = await firmware(...given, '--accept-doubts')

    expect(refused.code).toBe(2)
    for (const words of ['expired on', 'SHA-1', '1024 bits', '--accept-doubts']) expect(refused.stderr).toContain(words)
    expect(taken).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('note --db weak.pem: the certificate expired'),
    })
  })

  it('refuses keys that would not start the boot loader', async () => {
    const given = ['enroll', STORE, ...KEYS, '-o', 'loader.fd', '--boot-loader', 'loader.efi']
    await firmware('sign', 'other.efi', '--key', 'keys/db.key', '--cert', 'keys/db.pem', '-o', 'loader.efi')

    const good = await firmware(...given)
    const byDigest = await firmware(...given, '-f', '--dbx', 'loader.efi')
    const bySigner = await firmware(...given, '-f', '--dbx', 'keys/db.pem')
    const unsigned = await firmware(...given.slice(0, -1), 'other.efi', '-f')

    expect(good).toMatchObject({ code: 0, stdout: expect.stringContaining('accepted loader.efi') })
    expect(byDigest.stderr).toMatch(/--boot-loader loader\.efi would be refused: its SHA-256 digest .* is in dbx/)
    expect(bySigner.stderr).toContain('dbx refuses what db trusts: Mine db is in both')
    expect(unsigned.stderr).toContain('it has no signature')
    expect([byDigest.code, bySigner.code, unsigned.code]).toEqual([2, 2, 2])
  })

  it.skipIf(!existsSync(MICROSOFT_STORE))("reads Microsoft's certificates where Debian keeps them", async () => {
    const { code, stdout } = await firmware('enroll', STORE, ...KEYS, '--microsoft', '-o', 'microsoft.fd')

    expect(code).toBe(0)
    expect(stdout).toMatch(/subject: CN=Mine db\n(?:.*\n)*?.*owner Microsoft(?:.*\n)*?.*UEFI CA/)
  })

  it("adds a MokList to a store with other people's keys, which stay", async () => {
    const { code, stdout } = await firmware('enroll', MICROSOFT_STORE, '--mok', 'keys/db.pem', '-o', 'mok.fd')

    expect(code).toBe(0)
    expect(stdout).toMatch(/\+ MokList 605dab50/)
    expect(stdout).not.toMatch(/[+~-] (?:PK|KEK|db|dbx|SecureBootEnable) /)
  })

  it('takes a store in qcow2 and in the JSON form as well, and keeps the form', async () => {
    const convert = ['convert', '-f', 'raw', '-O', 'qcow2', STORE, at('empty.qcow2')]
    execFileSync('qemu-img', convert)
    writeFileSync(at('empty.json'), '{"version":2,"variables":[]}')

    for (const form of ['qcow2', 'json']) {
      const made = await firmware('enroll', `empty.${form}`, ...KEYS, '-o', `mine.${form}`, '--json')
      expect(JSON.parse(made.stdout)).toMatchObject({
        secureBoot: { on: true },
        added: ['CustomMode', 'KEK', 'PK', 'SecureBootEnable', 'db', 'dbx'].map((name) => ({ name })),
      })
      const shown = await firmware('show', `mine.${form}`, '--json')
      expect(JSON.parse(shown.stdout)).toMatchObject({ format: form, secureBoot: { on: true } })
      const verified = await firmware('verify', 'program.efi', '--against', `mine.${form}`, '--json')
      expect(JSON.parse(verified.stdout)).toMatchObject({ outcome: 'refused', secureBoot: 'on' })
    }
  })

  it('says what becomes of the measurements of a single file', async () => {
    const { stdout } = await firmware('enroll', '/usr/share/ovmf/OVMF.fd', ...KEYS, '-o', 'OVMF.fd', '--json')

    expect(JSON.parse(stdout).measurements).toMatchObject({
      mrtdChanges: false,
      rtmr0Changes: true,
      snpDigestChanges: true,
    })
  })

  it('compares code and variables as set does', async () => {
    writeFileSync(at('code.fd'), Buffer.alloc(1966080))

    expect(await firmware('enroll', STORE, ...KEYS, '--code', 'code.fd', '-o', 'never.fd')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('do not belong together'),
    })
    expect(existsSync(at('never.fd'))).toBe(false)
  })

  it('asks before it replaces a file', async () => {
    writeFileSync(at('mine.fd'), 'precious')

    const { code, stderr } = await firmware('enroll', STORE, ...KEYS, '-o', 'mine.fd')

    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('OUTPUT_EXISTS') })
    expect(readFileSync(at('mine.fd'), 'utf8')).toBe('precious')
  })
})

describe('files of keys', () => {
  it.each([
    ['sign', ['program.efi', '--key', 'keys/db.key', '--cert', 'keys/db.pem', '-o', 'keys/./db.key'], /file of --key/],
    ['enroll', [STORE, ...KEYS, '-o', 'keys/KEK.pem'], /file of --kek/],
  ])('are never replaced by what %s makes, not even with --force', async (command, args, words) => {
    const before = readdirSync(at('keys')).map((name) => readFileSync(at(`keys/${name}`)))

    const outcome = await firmware(command, ...args, '--force')

    expect(outcome).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(words) })
    expect(readdirSync(at('keys')).map((name) => readFileSync(at(`keys/${name}`)))).toEqual(before)
  })
})
