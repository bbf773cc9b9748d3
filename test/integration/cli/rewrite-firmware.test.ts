import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readContents } from '../../../src/firmware/firmware-contents.js'
import { bootProgramKind } from '../../../src/firmware/pe/boot-program.js'
import { readSignedImage } from '../../../src/firmware/pe/signed-image.js'
import { certificateFacts } from '../../../src/firmware/secure-boot/certificate-facts.js'
import { readLaunchFile } from '../../../src/stages/launch-file.js'
import { aKernel, aSystemdBoot } from '../../fixtures/boot-programs.js'
import { aUefiBench, inGuest, json, KERNEL } from './a-uefi-bench.js'
import { aBench, type Bench } from './rewrite-bench.js'
import { runCli } from './run-cli.js'

const VARS = 'output.OVMF_VARS.fd'
const ROM = '/usr/share/ovmf/OVMF.fd'

let keys: Bench

beforeAll(async () => {
  keys = await aBench()
  for (const name of ['own', 'other']) await runCli(keys.dir, ['firmware', 'keys', keys.at(name), '--name', name])
}, 60_000)
afterAll(async () => await keys[Symbol.asyncDispose]())

describe('a rewrite with firmware variables', () => {
  it.concurrent('publishes them with the image, named in launch file, report and summary', async () => {
    await using bench = await aUefiBench(keys.at('own/KEK.pem'))
    await bench.plugin('pre-stage/21-vars/plugin.yaml', 'firmware-variables: { Timeout: 3, BootOrder: "0002,0001" }\n')

    const { code, stdout, stderr } = await bench.run([])

    expect(code, stderr).toBe(0)
    const { variables } = readContents(readFileSync(bench.at(VARS)))
    expect(variables.map(({ name, data }) => [name, data.toString('hex')])).toEqual([
      ['BootOrder', '02000100'],
      ['Timeout', '0300'],
    ])
    expect(json(bench, 'output.report.json').firmware).toEqual({
      path: bench.at(VARS),
      kind: 'variables',
      template: '/usr/share/OVMF/OVMF_VARS_4M.fd',
      code: '/usr/share/OVMF/OVMF_CODE_4M.fd',
      secureBoot: false,
      set: ['BootOrder', 'Timeout'],
      deleted: [],
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      signed: [],
    })
    expect(json(bench, 'output.launch.json').vm.firmware).toEqual({
      type: 'uefi',
      code: '/usr/share/OVMF/OVMF_CODE_4M.fd',
      vars: VARS,
    })
    const launch = await readLaunchFile(bench.at('output.launch.json'))
    expect(launch.wishes).toMatchObject({ firmwareVars: bench.at(VARS), bootMenuWaitSeconds: 3 })
    expect(json(bench, 'output.launch.json').origins['vm.boot-menu-wait']).toBe('21-vars/plugin.yaml: Timeout')
    const printed = await runCli(bench.dir, ['launch', '-i', bench.at('output.qcow2'), '--accel', 'tcg'])
    expect(printed.stdout).toContain('-boot menu=on,splash-time=3000,strict=on')
    expect(printed.stderr).toMatch(/vm\.boot-menu-wait +3 +21-vars\/plugin\.yaml: Timeout/)
    expect(stdout).toContain(`${bench.at(VARS)} (Secure Boot off)`)
    expect(bench.calls('guestfish')).toBe('')
  })

  it.concurrent('leaves no firmware of an earlier run beside another image', async () => {
    await using bench = await aUefiBench(keys.at('own/KEK.pem'))
    await writeFile(bench.at(VARS), 'old')
    await writeFile(bench.at('output.OVMF.fd'), 'old')

    const refused = await bench.run([])
    const replaced = await bench.run(['--force'])

    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain(`${bench.at(VARS)} is already there`)
    expect(replaced.code, replaced.stderr).toBe(0)
    expect(existsSync(bench.at(VARS))).toBe(false)
    expect(existsSync(bench.at('output.OVMF.fd'))).toBe(false)
  })

  it.skipIf(!existsSync(ROM)).concurrent('edits a firmware in one file', async () => {
    await using bench = await aUefiBench(keys.at('own/KEK.pem'))
    await bench.plugin('pre-stage/21-vars/plugin.yaml', 'firmware-variables: { Timeout: 3 }\n')

    const { code, stderr } = await bench.run(['--firmware-image', ROM])

    expect(code, stderr).toBe(0)
    const { kind, variables } = readContents(readFileSync(bench.at('output.OVMF.fd')))
    expect(kind).toBe('single-file')
    expect(variables.map(({ name }) => name)).toEqual(['Timeout'])
    expect(json(bench, 'output.launch.json').vm.firmware).toEqual({ type: 'rom', image: 'output.OVMF.fd' })
    expect(json(bench, 'output.launch.json').vm['boot-menu-wait']).toBe(3)
  })

  it.concurrent('is refused before the boot when the launch file has the boot menu wait another time', async () => {
    await using bench = await aUefiBench(keys.at('own/KEK.pem'))
    await bench.plugin('pre-stage/21-vars/plugin.yaml', 'firmware-variables: { Timeout: 3 }\n')
    await writeFile(bench.at('launch.yaml'), 'vm: { boot-menu-wait: 5 }\n')

    const { code, stderr } = await bench.run(['--launch', bench.at('launch.yaml')])

    expect(code).toBe(2)
    expect(stderr).toMatch(/the boot menu is to wait 3 s, and 5 s/)
    expect(bench.boots()).toEqual([])
  })

  it.concurrent.each([
    ['Timeout: soon', /Timeout cannot be "soon"/],
    ['Unknown: 3', /firmware-variables\.Unknown .*its GUID is not known/],
    ['Boot0001: { file: gone }', /gone/],
  ])('is refused before the boot for %s', async (line, words) => {
    await using bench = await aUefiBench(keys.at('own/KEK.pem'))
    await bench.plugin('pre-stage/21-vars/plugin.yaml', `firmware-variables: { ${line} }\n`)

    const { code, stderr } = await bench.run([])

    expect(code).toBe(2)
    expect(stderr).toMatch(words)
    expect(bench.boots()).toEqual([])
  })
})

describe('a rewrite with Secure Boot keys', () => {
  it.concurrent('signs what the guest boots, and publishes a store that starts it', async () => {
    await using bench = await aUefiBench(keys.at('own/KEK.pem'))
    await mkdir(join(bench.bin, 'labels'))
    await writeFile(join(bench.bin, 'labels', KERNEL), '')
    await bench.plugin('pre-stage/20-keys/plugin.yaml', `secure-boot: { keys: ${keys.at('own')} }\n`)

    const { code, stderr } = await bench.run([])

    expect(code, stderr).toBe(0)
    const { firmware, checks } = json(bench, 'output.report.json')
    expect(firmware.signed.map(({ path, kind, by }: Record<string, string>) => [path, kind, by])).toEqual([
      [`/boot/${KERNEL}`, 'kernel', 'own db'],
      ['EFI/Linux/uki.efi', 'uki', 'own db'],
      ['EFI/debian/grubx64.efi', 'grub', 'own db'],
      ['EFI/debian/shimx64.efi', 'shim', 'own db'],
    ])
    expect(firmware).toMatchObject({ secureBoot: true, code: '/usr/share/OVMF/OVMF_CODE_4M.secboot.fd' })
    expect(checks.at(-1)).toMatchObject({ name: 'secure boot', ok: true })
    for (const path of ['esp/EFI/debian/grubx64.efi', `root/boot/${KERNEL}`]) {
      const [signature] = readSignedImage(inGuest(bench, path)).signatures
      expect(signature).toMatchObject({ readable: true, matchesImage: true })
    }
    expect(json(bench, 'output.launch.json').vm).toMatchObject({ 'secure-boot': true, firmware: { vars: VARS } })
    const { code: verified } = await runCli(bench.dir, [
      ...['firmware', 'verify', join(bench.bin, 'guest/esp/EFI/debian/shimx64.efi'), '--against', bench.at(VARS)],
    ])
    expect(verified).toBe(0)
    // The label of the old contents would make IMA refuse the new ones.
    expect(bench.calls('guestfish')).toMatch(
      /setfattr -n security\.ima -v 0x0404(?!0{64})[0-9a-f]{64} \/sysroot\/root\/boot\/vmlinuz-6\.1\.0/,
    )
  })

  it.concurrent('signs systemd-boot and the kernels of its boot entries', async () => {
    await using bench = await aUefiBench(keys.at('own/KEK.pem'))
    const guest = join(bench.bin, 'guest')
    await rm(join(guest, 'esp/EFI/debian'), { recursive: true })
    for (const dir of ['esp/EFI/BOOT', 'esp/0123abcd/6.1.0']) await mkdir(join(guest, dir), { recursive: true })
    await writeFile(join(guest, 'esp/EFI/BOOT/BOOTX64.EFI'), aSystemdBoot())
    await writeFile(join(guest, 'esp/0123abcd/6.1.0/linux'), aKernel())
    await bench.plugin('pre-stage/20-keys/plugin.yaml', `secure-boot: { keys: ${keys.at('own')} }\n`)

    const { code, stderr } = await bench.run([])

    expect(code, stderr).toBe(0)
    expect(stderr).toContain('the guest has no shim')
    const signed = json(bench, 'output.report.json').firmware.signed
    expect(signed.map(({ path, kind }: { path: string; kind: string }) => [path, kind])).toEqual([
      [`/boot/${KERNEL}`, 'kernel'],
      ['EFI/BOOT/BOOTX64.EFI', 'systemd-boot'],
      ['EFI/Linux/uki.efi', 'uki'],
      ['0123abcd/6.1.0/linux', 'kernel'],
    ])
    expect(readSignedImage(inGuest(bench, 'esp/0123abcd/6.1.0/linux')).signatures).toHaveLength(1)
  })

  it.concurrent('shows the private key to nobody', async () => {
    await using bench = await aUefiBench(keys.at('own/KEK.pem'))
    await bench.plugin('pre-stage/20-keys/plugin.yaml', `secure-boot: { keys: ${keys.at('own')} }\n`)
    const secret = readFileSync(keys.at('own/db.key'), 'latin1').split('\n')[1] ?? ''

    const { code, stdout, stderr } = await bench.run(['--json'])

    expect(code, stderr).toBe(0)
    expect(secret).toHaveLength(64)
    const written = readdirSync(bench.dir).map((name) => readFileSync(bench.at(name), 'latin1'))
    expect([stdout, stderr, bench.calls('guestfish'), ...written].join('\n')).not.toContain(secret)
  })

  it.concurrent('fails when the firmware would refuse what the guest boots, and publishes nothing', async () => {
    await using bench = await aUefiBench(keys.at('own/KEK.pem'))
    const dir = keys.at('own')
    await bench.plugin(
      'pre-stage/20-keys/plugin.yaml',
      `secure-boot: { keys: ${dir}, sign: { key: ${keys.at('other/db.key')}, cert: ${keys.at('other/db.pem')} } }\n`,
    )

    const { code, stderr } = await bench.run([])

    expect(code).toBe(8)
    expect(stderr).toMatch(
      /firmware would refuse EFI\/debian\/shimx64\.efi: no certificate in db is its signer.*other db/,
    )
    expect(stderr).toMatch(/shim would refuse \/boot\/vmlinuz-6\.1\.0: no certificate in db/)
    expect(existsSync(bench.at('output.qcow2'))).toBe(false)
    expect(existsSync(bench.at(VARS))).toBe(false)
  })

  it.concurrent('lets shim start what the certificate in it, or a MokList, stands for', async () => {
    await using bench = await aUefiBench(keys.at('own/KEK.pem'))
    const shimOnly = (extra: string) => `secure-boot: { keys: ${keys.at('own')}, what: [shim, uki]${extra} }\n`
    for (const [path, role] of [
      [`root/boot/${KERNEL}`, 'own/KEK'],
      ['esp/EFI/debian/grubx64.efi', 'other/db'],
    ]) {
      const file = join(bench.bin, 'guest', path ?? '')
      const { code } = await runCli(bench.dir, [
        ...['firmware', 'sign', file, '--key', keys.at(`${role}.key`), '--cert', keys.at(`${role}.pem`)],
        ...['-o', file, '--force'],
      ])
      expect(code).toBe(0)
    }

    await bench.plugin('pre-stage/20-keys/plugin.yaml', shimOnly(''))
    const without = await bench.run([])
    await bench.plugin('pre-stage/20-keys/plugin.yaml', shimOnly(`, mok: [${keys.at('other/db.pem')}]`))
    const withMok = await bench.run([])

    expect(without.code).toBe(8)
    expect(without.stderr).toMatch(/shim would refuse EFI\/debian\/grubx64\.efi/)
    expect(without.stderr).not.toMatch(/would refuse \/boot/)
    expect(withMok.code, withMok.stderr).toBe(0)
  })

  it.concurrent('refuses a dbx that has the boot loader of the image', async () => {
    await using bench = await aUefiBench(keys.at('own/KEK.pem'))
    const grub = join(bench.bin, 'guest/esp/EFI/debian/grubx64.efi')
    const own = (name: string) => keys.at(`own/${name}`)
    await bench.plugin(
      'pre-stage/20-keys/plugin.yaml',
      `secure-boot: { keys: { pk: ${own('PK.pem')}, db: [${own('db.pem')}], dbx: [${grub}] }, sign: { key: ${own('db.key')}, cert: ${own('db.pem')} } }\n`,
    )

    const { code, stderr } = await bench.run([])

    expect(code).toBe(8)
    expect(stderr).toMatch(/shim would refuse EFI\/debian\/grubx64\.efi: its SHA-256 digest [0-9a-f]{64} is in dbx/)
  })

  it.concurrent.each([
    ['an image that a BIOS starts', 'bios', '', /started by a BIOS/, 2],
    ['a key that is not there', 'auto', 'gone', /gone\/PK\.pem does not exist/, 2],
    ['variables that the keys decide', 'auto', undefined, /firmware-variables\.db: secure-boot decides/, 2],
  ])('is refused before the boot for %s', async (_, firmware, dir, words, exit) => {
    await using bench = await aUefiBench(keys.at('own/KEK.pem'))
    if (firmware === 'bios') await cp((await biosImage()).path, bench.at('guest.qcow2'))
    const more = dir === undefined ? 'firmware-variables: { db: { hex: "00" } }\n' : ''
    await bench.plugin('pre-stage/20-keys/plugin.yaml', `secure-boot: { keys: ${keys.at(dir || 'own')} }\n${more}`)

    const { code, stderr } = await bench.run([])

    expect(stderr).toMatch(words)
    expect(code).toBe(exit)
    expect(bench.boots()).toEqual([])
  })
})

describe('a rewrite with a host script', () => {
  it.concurrent('may have keys and variables that the script makes', async () => {
    await using bench = await aUefiBench(keys.at('own/KEK.pem'))
    const made = bench.at('made')
    await bench.plugin(
      'pre-stage/20-keys/plugin.yaml',
      `secure-boot: { keys: ${made} }\nfirmware-variables: { "Mine-01234567-89ab-cdef-0123-456789abcdef": { file: ${made}/value } }\n`,
    )
    await bench.plugin(
      'pre-stage/20-keys/host_run.sh',
      `#!/bin/sh -e\ncp -r ${keys.at('own')} ${made}\necho 1 > ${made}/value\n`,
    )

    const { code, stderr } = await bench.run([])

    expect(code, stderr).toBe(0)
    expect(json(bench, 'output.report.json').firmware.set).toContain('Mine')
  })

  it.concurrent.each([
    ['a file of another kind, whatever it is called', (dir: string) => `{ pk: "${dir}/does not exist.pem" }`],
    [
      'such a file beside one that is not there yet',
      (dir: string) => `{ pk: "${dir}/does not exist.pem", db: [gone] }`,
    ],
  ])('is refused before the script for %s', async (_, keysText) => {
    await using bench = await aUefiBench(keys.at('own/KEK.pem'))
    await writeFile(bench.at('does not exist.pem'), 'no certificate')
    await bench.plugin('pre-stage/20-keys/plugin.yaml', `secure-boot: { keys: ${keysText(bench.dir)} }\n`)
    await bench.plugin('pre-stage/20-keys/host_run.sh', `#!/bin/sh\ntouch ${bench.at('ran')}\n`)

    const { code, stderr } = await bench.run([])

    expect(code).toBe(2)
    expect(stderr).toMatch(/does not exist\.pem: the file is neither PEM nor DER/)
    expect(existsSync(bench.at('ran'))).toBe(false)
  })
})

/** The usual guest of a bench has boot code and no EFI system partition. */
async function biosImage(): Promise<{ readonly path: string }> {
  return { path: keys.at('guest.qcow2') }
}

describe('the fixtures', () => {
  it('hold a certificate that can be read', () => {
    const pem = readFileSync(keys.at('own/KEK.pem'), 'latin1').replace(/-----[^-]+-----|\s/g, '')

    expect(certificateFacts(Buffer.from(pem, 'base64')).subject).toBe('CN=own KEK')
    expect(bootProgramKind(aKernel())).toBe('kernel')
  })
})
