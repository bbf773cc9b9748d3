import { execFileSync, spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signatureList, writeSignatureLists } from '../../../src/firmware/decode/signature-list.js'
import { contentsBytes, readContents, withVariables } from '../../../src/firmware/firmware-contents.js'
import { readSignedImage } from '../../../src/firmware/pe/signed-image.js'
import { readCertificateFile } from '../../../src/firmware/secure-boot/certificate-file.js'
import { DEFAULT_OWNER, planEnrollment } from '../../../src/firmware/secure-boot/enrollment.js'
import { KEY_VARIABLE } from '../../../src/firmware/secure-boot/key-variables.js'
import type { FirmwareVariable } from '../../../src/firmware/variable.js'
import { makeScratch, type Scratch } from '../../../src/host/scratch.js'
import { signProgram } from '../../../src/stages/firmware-sign.js'
import { verifyProgram } from '../../../src/stages/firmware-verify.js'
import { makeKeys } from '../../../src/stages/make-keys.js'
import { aPe, filled, HEADERS_BYTES } from '../../fixtures/a-pe.js'
import { anEmptyStore } from '../../unit/firmware/a-store.js'

const NEVER = new AbortController().signal
const NOW = new Date('2026-06-01')
let scratch: Scratch
const at = (name: string) => join(scratch.path, name)

beforeAll(async () => {
  scratch = await makeScratch(tmpdir(), 'sign-test', 0o700)
  await makeKeys({ dir: at('keys'), name: 'Test', notBefore: new Date('2026-01-01'), days: 365 }, NEVER)
  await makeChain()
  await writeFile(at('program.efi'), aPe({ sections: [filled(0x200, 1), filled(0x400, 2)] }))
  await sign('program.efi', 'signed.efi')
}, 60_000)
afterAll(async () => await scratch.remove())

describe('signProgram', () => {
  it('makes a signature that sbverify takes, over the digest that we compute', async () => {
    const program = readSignedImage(await readFile(at('program.efi')))
    const signed = readSignedImage(await readFile(at('signed.efi')))

    const sbverify = spawnSync('sbverify', ['--cert', at('keys/db.pem'), at('signed.efi')], { encoding: 'utf8' })
    expect(sbverify.stdout + sbverify.stderr).toContain('Signature verification OK')
    const [entry] = signed.signatures
    expect(entry).toMatchObject({ readable: true, matchesImage: true })
    expect(signed.digest('sha256')).toEqual(program.digest('sha256'))
    expect(entry?.readable && entry.signature.digest).toEqual(program.digest('sha256'))
  })

  it('adds to the signatures that are there', async () => {
    expect(await sign('signed.efi', 'twice.efi', 'KEK')).toMatchObject({ signatures: 2 })
    expect((await verified('twice.efi', ['KEK'])).verdict.accepted).toBe(true)
    expect((await verified('twice.efi', ['db'])).verdict.accepted).toBe(true)
  })

  it('says so when the digest is another, because the size was no multiple of 8', async () => {
    await writeFile(at('odd.efi'), aPe({ tail: filled(5, 3) }))

    const { notes } = await sign('odd.efi', 'odd.signed.efi')

    expect(notes).toEqual([expect.stringContaining('padded')])
    expect((await verified('odd.signed.efi', ['db'])).verdict.accepted).toBe(true)
  })

  it.each([
    ['a certificate as key', { keyFile: 'keys/db.pem' }, /no private key/],
    ['a key as certificate', { certificateFile: 'keys/db.key' }, /private key/],
    ['a key of another certificate', { keyFile: 'keys/PK.key' }, /is not the key of/],
    ['a key with a passphrase', { keyFile: 'locked.key' }, /passphrase/],
  ])('refuses %s before anything is written', async (_, files, words) => {
    execFileSync('openssl', [
      'pkey',
      '-in',
      at('keys/db.key'),
      '-aes256',
      '-passout',
      'pass:x',
      '-out',
      at('locked.key'),
    ])
    const given = { keyFile: 'keys/db.key', certificateFile: 'keys/db.pem', ...files }
    const request = {
      efiFile: at('program.efi'),
      keyFile: at(given.keyFile),
      certificateFile: at(given.certificateFile),
      output: { path: at('never.efi'), force: false },
      now: NOW,
    }

    await expect(signProgram(request, NEVER)).rejects.toMatchObject({
      code: 'KEYS_REFUSED',
      message: expect.stringMatching(words),
    })
    await expect(readFile(at('never.efi'))).rejects.toThrow('ENOENT')
  })

  it('refuses what is no program, and an output that is there', async () => {
    await expect(sign('keys/db.pem', 'never.efi')).rejects.toMatchObject({ code: 'EFI_FILE_INVALID' })
    await expect(sign('program.efi', 'signed.efi')).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' })
  })
})

describe('verifyProgram', () => {
  it('accepts what is signed under a certificate in db, and only that', async () => {
    expect((await verified('signed.efi', ['db'])).verdict).toMatchObject({
      accepted: true,
      reason: 'it is signed under a certificate in db: Test db',
    })
    expect((await verified('signed.efi', ['KEK'])).verdict).toMatchObject({
      accepted: false,
      reason: 'no certificate in db is its signer or stands above it: Test db',
    })
  })

  it('accepts a chain up to a certificate in db, which need not be a root, whatever its dates are', async () => {
    await sign('program.efi', 'chained.efi', 'leaf')

    expect((await verified('chained.efi', ['middle'])).verdict.accepted).toBe(true)
    expect((await verified('chained.efi', ['leaf'])).verdict.accepted).toBe(true)
    // The signature carries the leaf only, so there is no way up to the root.
    expect((await verified('chained.efi', ['root'])).verdict.accepted).toBe(false)
  })

  it('refuses what has no signature, and what was changed after it was signed', async () => {
    const bytes = await readFile(at('signed.efi'))
    bytes[HEADERS_BYTES + 7] = 0xff
    await writeFile(at('changed.efi'), bytes)

    expect((await verified('program.efi', ['db'])).verdict.reason).toContain('it has no signature')
    expect((await verified('changed.efi', ['db'])).verdict.reason).toContain('changed after it was signed')
  })

  it('refuses a signature of which a bit was flipped', async () => {
    const bytes = await readFile(at('signed.efi'))
    const { signatures } = readSignedImage(bytes)
    const der = signatures[0]?.readable ? signatures[0].signature.der : Buffer.alloc(0)
    // The last bytes of the message are those of the RSA signature.
    const end = bytes.indexOf(der) + der.length
    bytes[end - 20] = (bytes[end - 20] ?? 0) ^ 1
    await writeFile(at('forged.efi'), bytes)

    expect((await verified('forged.efi', ['db'])).verdict).toMatchObject({
      accepted: false,
      reason: 'no signature of it holds',
    })
  })

  it('goes on behind entries of db that are no certificates', async () => {
    const owner = DEFAULT_OWNER
    const entries = [Buffer.from('3003020101', 'hex'), Buffer.from('rubbish'), (await certificate('db')).der]
    const lists = entries.map((data) => signatureList('x509', [{ owner, data }]))
    const db = { ...KEY_VARIABLE.db, data: writeSignatureLists(lists) }

    const { verdict } = await verifyProgram(at('signed.efi'), await storeWith([db]), NEVER)

    expect(verdict.accepted).toBe(true)
  })

  it('says so when db is damaged', async () => {
    const db = { ...KEY_VARIABLE.db, data: Buffer.from('rubbish') }

    await expect(verifyProgram(at('signed.efi'), await storeWith([db]), NEVER)).rejects.toMatchObject({
      code: 'KEYS_REFUSED',
    })
  })

  it('says of a store without a PK that it checks nothing', async () => {
    expect(await verifyProgram(at('program.efi'), await storeWith([]), NEVER)).toMatchObject({
      whyOff: 'no platform key (PK) is enrolled',
      verdict: { accepted: false },
    })
  })
})

async function sign(from: string, to: string, key = 'db') {
  return await signProgram(
    {
      efiFile: at(from),
      keyFile: at(`keys/${key}.key`),
      certificateFile: at(`keys/${key}.pem`),
      output: { path: at(to), force: false },
      now: NOW,
    },
    NEVER,
  )
}

/** Against a store whose db has these certificates. */
async function verified(program: string, names: readonly string[]) {
  const db = await Promise.all(names.map(certificate))
  const wish = { pk: await certificate('PK'), kek: [], db, dbx: [], mok: [], microsoft: { kek: [], db: [] } }
  const { after } = planEnrollment({ ...wish, owner: DEFAULT_OWNER }, [])
  return await verifyProgram(at(program), await storeWith(after), NEVER)
}

async function storeWith(variables: readonly FirmwareVariable[]): Promise<string> {
  await writeFile(at('store.fd'), contentsBytes(withVariables(readContents(anEmptyStore()), variables)))
  return at('store.fd')
}

async function certificate(name: string) {
  const reading = readCertificateFile(await readFile(at(`keys/${name}.pem`)))
  if (!reading.ok) throw new Error(reading.problem)
  return reading.certificate
}

/** root → middle → leaf, all but the root expired long ago. */
async function makeChain(): Promise<void> {
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: at('keys'), stdio: 'pipe' })
  const key = (name: string) => ['-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, '-subj', `/CN=${name}`]
  await writeFile(at('keys/ca.ext'), 'basicConstraints=critical,CA:TRUE\n')
  openssl('req', '-x509', '-config', '/dev/null', ...key('root'), '-days', '10', '-out', 'root.pem')
  for (const [name, issuer] of [
    ['middle', 'root'],
    ['leaf', 'middle'],
  ] as const) {
    openssl('req', '-new', '-config', '/dev/null', ...key(name), '-out', `${name}.csr`)
    const by = ['-CA', `${issuer}.pem`, '-CAkey', `${issuer}.key`, '-set_serial', '7', '-days', '-1']
    const more = name === 'middle' ? ['-extfile', 'ca.ext'] : []
    openssl('x509', '-req', '-in', `${name}.csr`, ...by, ...more, '-out', `${name}.pem`)
  }
}
