import { execFileSync } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeScratch, type Scratch } from '../../../src/host/scratch.js'
import { makeKeys } from '../../../src/stages/make-keys.js'

const NAMES = ['KEK.key', 'KEK.pem', 'PK.key', 'PK.pem', 'db.key', 'db.pem']
const NEVER = new AbortController().signal
const wish = (dir: string) => ({ dir, name: 'My keys', notBefore: new Date('2026-01-31T12:00:00Z'), days: 365 })
let scratch: Scratch

beforeEach(async () => {
  scratch = await makeScratch(tmpdir(), 'keys-test', 0o700)
})
afterEach(async () => await scratch.remove())

it('makes three key pairs with the names and dates given, private keys for the owner only', async () => {
  const dir = join(scratch.path, 'a $dir', 'keys')

  const made = await makeKeys(wish(dir), NEVER)

  expect((await readdir(dir)).sort()).toEqual(NAMES)
  expect((await readdir(join(scratch.path, 'a $dir'))).sort()).toEqual(['keys'])
  for (const { role, keyFile, certificateFile, certificate } of made) {
    expect((await stat(keyFile)).mode & 0o7777).toBe(0o600)
    expect((await stat(certificateFile)).mode & 0o7777).toBe(0o644)
    expect(certificate).toMatchObject({
      subject: `CN=My keys ${role}`,
      issuer: `CN=My keys ${role}`,
      notBefore: new Date('2026-01-31T12:00:00Z'),
      notAfter: new Date('2027-01-31T12:00:00Z'),
      signatureDigest: 'sha256',
      key: { kind: 'RSA', bits: 3072 },
    })
    const ofKey = execFileSync('openssl', ['pkey', '-in', keyFile, '-pubout']).toString()
    const ofCertificate = execFileSync('openssl', ['x509', '-in', certificateFile, '-noout', '-pubkey']).toString()
    expect(ofKey).toBe(ofCertificate)
  }
  expect(new Set(made.map(({ certificate }) => certificate.fingerprintSha256)).size).toBe(3)
})

it('makes them in a directory that is there, beside what is in it, and through a link to it', async () => {
  await mkdir(join(scratch.path, 'there'))
  await writeFile(join(scratch.path, 'there', 'notes'), 'mine')
  await symlink('there', join(scratch.path, 'link'))

  await makeKeys(wish(join(scratch.path, 'link')), NEVER)

  expect((await readdir(join(scratch.path, 'there'))).sort()).toEqual([...NAMES, 'notes'].sort())
  expect((await readdir(scratch.path)).sort()).toEqual(['link', 'there'])
})

it.each(NAMES)('touches nothing when %s is there', async (name) => {
  await writeFile(join(scratch.path, name), 'precious')

  await expect(makeKeys(wish(scratch.path), NEVER)).rejects.toMatchObject({
    code: 'OUTPUT_EXISTS',
    message: expect.stringContaining(name),
  })

  expect(await readdir(scratch.path)).toEqual([name])
  expect(await readFile(join(scratch.path, name), 'utf8')).toBe('precious')
})

it('leaves nothing behind when openssl fails', async () => {
  const bin = join(scratch.path, 'bin')
  await mkdir(bin)
  await writeFile(join(bin, 'openssl'), '#!/bin/sh\necho "no entropy today" >&2\nexit 1\n')
  await chmod(join(bin, 'openssl'), 0o755)
  const path = process.env['PATH']
  process.env['PATH'] = `${bin}:${path}`

  const failing = makeKeys(wish(join(scratch.path, 'keys')), NEVER)

  await expect(failing).rejects.toMatchObject({ code: 'TOOL_FAILED', why: 'no entropy today' })
  process.env['PATH'] = path
  expect(await readdir(scratch.path)).toEqual(['bin'])
})
