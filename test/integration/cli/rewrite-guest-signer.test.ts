import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aUefiBench, inGuest, json, KERNEL } from './a-uefi-bench.js'
import { aBench, aGoodGuest, type Bench } from './rewrite-bench.js'
import { runCli } from './run-cli.js'

const DIR = 'root/etc/cvm-image-rewriter/secure-boot'
const POSTINST = 'root/etc/kernel/postinst.d/00-cvm-sign-kernel'
const INSTALL = 'root/etc/kernel/install.d/05-cvm-sign-kernel.install'

let keys: Bench

beforeAll(async () => {
  keys = await aBench()
  for (const name of ['own', 'guest']) await runCli(keys.dir, ['firmware', 'keys', keys.at(name), '--name', name])
}, 60_000)
afterAll(async () => await keys[Symbol.asyncDispose]())

/** A guest with the given programs, and a plugin that gives it a key. */
async function aSigningBench(programs: readonly string[]): Promise<Bench> {
  const bench = await aUefiBench(keys.at('own/KEK.pem'))
  await mkdir(join(bench.bin, 'guest/root/usr/bin'), { recursive: true })
  for (const name of programs) await writeFile(join(bench.bin, 'guest/root/usr/bin', name), '')
  const signer = `guest-signer: { key: ${keys.at('guest/db.key')}, cert: ${keys.at('guest/db.pem')} }`
  await bench.plugin('pre-stage/20-keys/plugin.yaml', `secure-boot: { keys: ${keys.at('own')}, ${signer} }\n`)
  return bench
}

describe('a rewrite that gives the guest a key', () => {
  it.concurrent('puts key, certificate and hooks into the image, for root only, and tells it', async () => {
    await using bench = await aSigningBench(['sbsign', 'kernel-install'])

    const { code, stdout, stderr } = await bench.run([])

    expect(code, stderr).toBe(0)
    const modes = [DIR, `${DIR}/kernel.key`, `${DIR}/kernel.pem`, POSTINST, INSTALL].map((path) =>
      (statSync(join(bench.bin, 'guest', path)).mode & 0o777).toString(8),
    )
    expect(modes).toEqual(['700', '600', '600', '755', '755'])
    expect(inGuest(bench, `${DIR}/kernel.key`).toString()).toMatch(/^-----BEGIN PRIVATE KEY-----\n/)
    expect(inGuest(bench, INSTALL).equals(inGuest(bench, POSTINST))).toBe(true)
    const { firmware, checks, warnings } = json(bench, 'output.report.json')
    expect(firmware.guestSigner).toEqual({
      certificate: 'CN=guest db',
      fingerprintSha256: expect.stringMatching(/^[0-9A-F:]{95}$/),
      trustedBy: 'MokList',
      privateKey: '/etc/cvm-image-rewriter/secure-boot/kernel.key',
      hooks: [POSTINST, INSTALL].map((path) => path.slice('root'.length)),
    })
    expect(firmware.set).toContain('MokList')
    expect(checks).toContainEqual(expect.objectContaining({ name: 'guest signer', ok: true }))
    expect(warnings.join('\n')).toMatch(/private key of guest db is put into the image/)
    expect(stdout).toMatch(/private key +of CN=guest db is IN THE IMAGE: \S+kernel\.key/)
  })

  it.concurrent('publishes an image that only its owner can read, and other files as ever', async () => {
    await using bench = await aSigningBench(['sbsign'])
    await writeFile(bench.at('output.qcow2'), 'old', { mode: 0o644 })

    const { code, stderr } = await bench.run(['--force'])

    expect(code, stderr).toBe(0)
    const mode = (name: string) => (statSync(bench.at(name)).mode & 0o777).toString(8)
    expect([mode('output.qcow2'), mode('output.OVMF_VARS.fd')]).toEqual(['600', '644'])
  })

  it.concurrent('has no hook of kernel-install in a guest without it, and replaces what an earlier rewrite left', async () => {
    await using bench = await aSigningBench(['sbsign'])
    for (const path of [`${DIR}/old.key`, INSTALL]) {
      await mkdir(join(bench.bin, 'guest', path, '..'), { recursive: true })
      await writeFile(join(bench.bin, 'guest', path), 'old')
    }

    const { code, stderr } = await bench.run([])

    expect(code, stderr).toBe(0)
    expect(existsSync(join(bench.bin, 'guest', INSTALL))).toBe(false)
    expect(readdirSync(join(bench.bin, 'guest', DIR)).sort()).toEqual(['kernel.key', 'kernel.pem'])
    expect(json(bench, 'output.report.json').firmware.guestSigner.hooks).toHaveLength(1)
  })

  it.concurrent('labels the files for IMA where files in /etc have labels', async () => {
    await using bench = await aSigningBench(['sbsign'])
    await mkdir(join(bench.bin, 'labels'))
    await writeFile(join(bench.bin, 'labels/passwd'), '')

    const { code, stderr } = await bench.run([])

    expect(code, stderr).toBe(0)
    expect(bench.calls('guestfish')).toMatch(
      /setfattr -n security\.ima -v 0x0404(?!0{64})[0-9a-f]{64} \/sysroot\/root\/etc\/kernel\/postinst\.d\/00-cvm-sign-kernel/,
    )
  })

  it.concurrent('shows the private key to nobody, and leaves no copy here', async () => {
    await using bench = await aSigningBench(['sbsign'])
    const secret = readFileSync(keys.at('guest/db.key'), 'latin1').split('\n')[1] ?? ''

    const { code, stdout, stderr } = await bench.run(['--json'])

    expect(code, stderr).toBe(0)
    expect(secret).toHaveLength(64)
    const written = readdirSync(bench.dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.startsWith(join(bench.bin, 'guest')))
      .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1'))
    expect(written.length).toBeGreaterThan(5)
    expect([stdout, stderr, ...written].join('\n')).not.toContain(secret)
    expect(inGuest(bench, `${DIR}/kernel.key`).toString()).toContain(secret)
  })

  it.concurrent('fails, with what to do, when a script has removed sbsign', async () => {
    await using bench = await aSigningBench([])

    const { code, stderr } = await bench.run([])

    expect(code).toBe(8)
    expect(stderr).toMatch(/check "guest signer": the guest has no sbsign[\s\S]*sbsigntool/)
    expect(existsSync(bench.at('output.qcow2'))).toBe(false)
  })

  it.concurrent('fails for an image without shim, since nothing else reads MokList', async () => {
    await using bench = await aSigningBench(['sbsign'])
    await rm(join(bench.bin, 'guest/esp/EFI/debian/shimx64.efi'))

    const { code, stderr } = await bench.run([])

    expect(code).toBe(8)
    expect(stderr).toMatch(/what the guest signs as guest db would not start[\s\S]*only shim reads[\s\S]*keys\.db/)
    expect(inGuest(bench, `root/boot/${KERNEL}`).length).toBeGreaterThan(0)
    expect(existsSync(join(bench.bin, 'guest', DIR))).toBe(false)
  })

  it.concurrent('names the key in the plan of a dry run', async () => {
    await using bench = await aSigningBench(['sbsign'])

    const { code, stdout } = await bench.run(['--dry-run'])

    expect(code).toBe(0)
    const plan = JSON.parse(stdout)
    expect(plan.outputFirmware.guestSigner).toMatchObject({ certificate: 'CN=guest db', trustedBy: 'MokList' })
    expect(plan.notes.join('\n')).toMatch(/private key of guest db is put into the image/)
  })
})

describe('a rewrite of an image to which an earlier one gave a key', () => {
  it.concurrent('says that it stays, and publishes for the owner only', async () => {
    await using bench = await aBench()
    await bench.guest(aGoodGuest({ kernelKey: 'there' }))

    const { code, stderr } = await bench.run([])

    expect(code, stderr).toBe(0)
    expect(json(bench, 'output.report.json').warnings.join('\n')).toMatch(/earlier rewrite has put a private key into/)
    expect((statSync(bench.at('output.qcow2')).mode & 0o777).toString(8)).toBe('600')
  })
})
