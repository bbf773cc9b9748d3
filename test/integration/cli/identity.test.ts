import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { aBlock, KNOWN, knownAuth } from '../../unit/launch/identity/known-id-block.js'
import { runCli } from './run-cli.js'

const MAKE = ['identity', 'make', '--launch-digest', KNOWN.launchDigest]
const KEYED = [...MAKE, '--id-key', '../id.pem']
let top: string
let dir: string

beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), 'cvm-identity-'))
  for (const name of ['id.pem', 'author.pem']) {
    execFileSync('openssl', ['ecparam', '-name', 'secp384r1', '-genkey', '-noout', '-out', join(top, name)])
  }
})
beforeEach(async () => {
  dir = await mkdtemp(join(top, 'run-'))
})
afterAll(async () => await rm(top, { recursive: true }))

function cli(...args: readonly string[]) {
  return runCli(dir, args)
}

describe('identity make', () => {
  it('writes the two files, which identity show then verifies', async () => {
    const made = await cli(
      ...KEYED,
      '--author-key',
      '../author.pem',
      '--image-id',
      'text:web-1',
      '--guest-svn',
      '3',
      '-o',
      'guest',
    )
    const shown = await cli('identity', 'show', '--id-block', 'guest.id-block.bin', '--id-auth', 'guest.id-auth.bin')

    expect(made).toMatchObject({ code: 0, stderr: '' })
    expect(made.stdout).toMatch(/^made guest\.id-block\.bin \(96 bytes\)\nmade guest\.id-auth\.bin \(4096 bytes\)\n/)
    expect(made.stdout).toContain((await readFile(join(dir, 'guest.id-auth.bin'))).toString('base64'))
    expect(await readFile(join(dir, 'guest.id-block.bin'))).toEqual(
      aBlock({ imageId: Buffer.concat([Buffer.from('web-1')], 16), guestSvn: 3 }),
    )
    expect(shown).toMatchObject({ code: 0, stderr: '' })
    expect(shown.stdout).toMatch(
      /image id +7765622d31(?:00){11} \("web-1"\)\n +guest SVN +3\n +policy +0x30000: any version/,
    )
    expect(shown.stdout).toMatch(/block signed +yes, verified\n +id key signed +yes, verified\n/)
  })

  it('is one JSON object with --json', async () => {
    const { stdout } = await cli(...KEYED, '-o', '.', '--json', '--policy', '0xb0000')

    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'ok',
      files: { idBlock: 'id-block.bin', idAuth: 'id-auth.bin' },
      idBlock: {
        launchDigest: KNOWN.launchDigest,
        policy: '0xb0000',
        policyWords: expect.arrayContaining(['debugging allowed']),
      },
      idAuth: {
        idKeyDigest: expect.stringMatching(/^[0-9a-f]{96}$/),
        authorKeyDigest: null,
        blockSignatureHolds: true,
      },
      warnings: [expect.stringContaining('allows debugging')],
    })
  })

  it('makes a key that only its owner can read, and never replaces one', async () => {
    const first = await cli(...MAKE, '--new-key', 'k.pem', '-o', 'a')
    const key = await readFile(join(dir, 'k.pem'), 'utf8')
    const again = await cli(...MAKE, '--new-key', 'k.pem', '-o', 'b', '--force')

    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect((await stat(join(dir, 'k.pem'))).mode & 0o777).toBe(0o600)
    expect(first.stdout).not.toContain(key.split('\n')[1])
    expect(again.code).toBe(2)
    expect(again.stderr).toMatch(
      /^error\[OUTPUT_EXISTS\] k\.pem is already there\n {2}next: Use it with --id-key k\.pem/,
    )
    expect(await readFile(join(dir, 'k.pem'), 'utf8')).toBe(key)
    expect((await readdir(dir)).sort()).toEqual(['a.id-auth.bin', 'a.id-block.bin', 'k.pem'])
  })

  it('replaces nothing without --force, not even through a link, and leaves nothing half done', async () => {
    await writeFile(join(dir, 'g.id-auth.bin'), 'mine')
    await symlink('elsewhere', join(dir, 'h.id-block.bin'))
    const taken = await cli(...KEYED, '-o', 'g')
    const linked = await cli(...KEYED, '-o', 'h')
    const forced = await cli(...KEYED, '-o', 'g', '-f')

    expect(taken.stderr).toMatch(/^error\[OUTPUT_EXISTS\] g\.id-auth\.bin is already there\n/)
    expect([taken.code, linked.code, forced.code]).toEqual([2, 2, 0])
    expect((await readdir(dir)).sort()).toEqual(['g.id-auth.bin', 'g.id-block.bin', 'h.id-block.bin'])
    expect((await stat(join(dir, 'g.id-auth.bin'))).size).toBe(4096)
  })

  it('leaves no key and no block behind when one of the files cannot be written', async () => {
    await mkdir(join(dir, 'x.id-auth.bin'))
    const outcome = await cli(...MAKE, '--new-key', 'k.pem', '-o', 'x', '--force')

    expect(outcome).toMatchObject({ code: 9, stderr: expect.stringMatching(/x\.id-auth\.bin cannot be written/) })
    expect(await readdir(dir)).not.toContain('k.pem')
  })

  it('does not write the block over the key that signs it', async () => {
    await cli(...MAKE, '--new-key', 'x.id-auth.bin', '-o', 'other')
    const outcome = await cli(...MAKE, '--id-key', 'x.id-auth.bin', '-o', 'x', '--force')

    expect(outcome).toMatchObject({ code: 2, stderr: expect.stringMatching(/x\.id-auth\.bin is the file of --id-key/) })
    expect(await readFile(join(dir, 'x.id-auth.bin'), 'utf8')).toContain('PRIVATE KEY')
  })

  it('does not write the block over the key that it makes', async () => {
    const outcome = await cli(...MAKE, '--new-key', './x.id-block.bin', '-o', 'x', '--force')

    expect(outcome).toMatchObject({ code: 2, stderr: expect.stringMatching(/--new-key and -o both make/) })
    expect(await readdir(dir)).toEqual([])
  })

  it.each([
    [['--policy', '0x10000'], 2, /IDENTITY_INVALID\] no ID block can be made: bit 17 of the policy must be 1/],
    [['--policy', 'all'], 2, /USAGE\] --policy is not a whole number of 64 bits/],
    [['--guest-svn', '4294967296'], 2, /USAGE\] --guest-svn is not a whole number of 32 bits/],
    [
      ['--launch-digest', 'ab'.repeat(32)],
      2,
      /IDENTITY_INVALID\] the launch digest cannot be used\n {2}why: {2}its 64 characters/,
    ],
    [['--family-id', 'text:seventeen letters'], 2, /IDENTITY_INVALID\] the value for FAMILY_ID/],
    [['--id-key', 'nowhere.pem'], 2, /IDENTITY_INVALID\] nowhere\.pem cannot be read/],
    [['--new-key', 'k.pem'], 2, /USAGE\] option '--new-key <file>' cannot be used with option '--id-key <pem>'/],
    [['-o', 'not-there/'], 9, /OUTPUT_UNWRITABLE\] not-there\/id-block\.bin cannot be written/],
    [['-o', ''], 2, /USAGE\] -o needs/],
  ])('refuses %j', async (args, code, words) => {
    const outcome = await cli(...KEYED, '-o', 'x', ...args)

    expect(outcome).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(words) })
    expect(await readdir(dir)).toEqual([])
  })

  it('asks for a key', async () => {
    expect((await cli(...MAKE, '-o', 'x')).stderr).toMatch(
      /USAGE\] no key to sign with\n {2}next: Give --id-key PEM, or --new-key/,
    )
  })
})

describe('identity show', () => {
  it('shows values in both encodings, with what they were made of and where a report has them', async () => {
    await writeFile(join(dir, 'policy.json'), '{"b": 1,\n"a": 2}')
    const args = [
      '--mrowner',
      `pad:${'ab'.repeat(32)}`,
      '--mrconfigid',
      'json:policy.json',
      '--host-data',
      'file:policy.json',
    ]
    const { code, stdout } = await cli('identity', 'show', ...args)
    const { values } = JSON.parse((await cli('identity', 'show', '--json', ...args)).stdout)

    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^MROWNER: 32 bytes given in hex, with zeros on the right\n +hex +(?:ab){32}(?:00){16}\n +base64 +\S{64}\n/,
    )
    expect(stdout).toContain('seen in        TD quote v4 at byte 280')
    expect(stdout).toContain('MRCONFIGID: SHA-384 of the 13 bytes of policy.json in canonical form (RFC 8785)\n')
    expect(
      values.map(({ field, hex, base64 }: Record<string, string>) => [
        field,
        hex === Buffer.from(base64 ?? '', 'base64').toString('hex'),
      ]),
    ).toEqual([
      ['mrowner', true],
      ['mrconfigid', true],
      ['host-data', true],
    ])
  })

  it('reads files of base64, and exits with 8 when a signature does not hold', async () => {
    await writeFile(join(dir, 'block'), `${KNOWN.block}\n`)
    await writeFile(join(dir, 'auth'), knownAuth().toString('base64').replace(/.{76}/g, '$&\n'))
    await writeFile(join(dir, 'other'), aBlock({ guestSvn: 1 }))
    const good = await cli('identity', 'show', '--id-block', 'block', '--id-auth', 'auth')
    const bad = await cli('identity', 'show', '--id-block', 'other', '--id-auth', 'auth')
    const json = await cli('identity', 'show', '--id-block', 'other', '--id-auth', 'auth', '--json')

    expect(good).toMatchObject({ code: 0, stderr: '' })
    expect(good.stdout).toContain(Buffer.from(KNOWN.idKeyDigest, 'base64').toString('hex'))
    expect(bad.code).toBe(8)
    expect(bad.stdout).toMatch(/block signed +no: the signature does not fit\n +id key signed +yes, verified/)
    expect(bad.stderr).toMatch(/^error\[IDENTITY_UNVERIFIED\] the signature of the ID block does not fit/)
    expect(json).toMatchObject({ code: 8, stderr: '' })
    expect(JSON.parse(json.stdout)).toMatchObject({ outcome: 'problems', idAuth: { blockSignatureHolds: false } })
  })

  it('refuses what it cannot take', async () => {
    await mkdir(join(dir, 'd'))
    await writeFile(join(dir, 'short'), Buffer.alloc(95))

    expect((await cli('identity', 'show')).stderr).toMatch(/USAGE\] nothing to show/)
    expect((await cli('identity', 'show', '--mrowner', 'file:d')).stderr).toMatch(/IDENTITY_INVALID\] d cannot be read/)
    expect((await cli('identity', 'show', '--mrowner', 'pubkey:../id.pem')).stderr).toMatch(/it holds a private key/)
    expect((await cli('identity', 'show', '--id-block', 'short')).stderr).toMatch(/it has 95 bytes, and 96 are wanted/)
  })
})
