import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tinyDisk } from '../fixtures/tiny-guests.js'

const BIN = fileURLToPath(new URL('../../dist/cli/bin-qemu-test.js', import.meta.url))

let dir: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'qemu-test-'))
})
afterAll(async () => {
  await rm(dir, { recursive: true })
})

function run(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const env = { PATH: '/nonexistent', NO_COLOR: '1' }
    execFile(process.execPath, [BIN, ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr })
    })
  })
}

describe('cvm-qemu-test', () => {
  it('shows its help, examples first, without any tool installed', async () => {
    const { code, stdout, stderr } = await run('--help')

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^Examples:\n/)
    expect(stdout).toContain('Exit codes: 0 it came up')
  })

  it.each([
    [['-i', 'x.qcow2', '--frimware', 'uefi'], /unknown option '--frimware'\n {2}why: {2}Did you mean --firmware\?/],
    [[], /no input image\n {2}next: Give one: cvm-qemu-test -i output\.qcow2/],
    [['-i', ''], /an empty path was given with -i/],
    [['-i', 'x.qcow2', '-t', '0'], /Give whole minutes, from 1 to 35791/],
    [['-i', 'x.qcow2', '-t', '1.5'], /Give whole minutes/],
    [['-i', 'x.qcow2', '--memory', '2'], /such as 2G or 2048M/],
    [['-i', 'x.qcow2', '--accel', 'fast'], /Allowed choices are auto, kvm, tcg/],
    [['x.qcow2'], /"x\.qcow2" is not a command or an option\n {2}next: .*cvm-qemu-test -i x\.qcow2/],
    [['-i', 'x.qcow2', '-t', 'tdx'], /Give a kind of machine \(legacy, efi, td, snp\) or a limit in whole minutes/],
    [['-i', 'x.qcow2', '-t', '5', '--timeout', '6'], /two limits are given: 5 and 6 minutes/],
    [['-i', 'x.qcow2', '-t', 'efi', '--firmware', 'bios'], /-t efi and --firmware bios contradict each other/],
    [['-i', 'x.qcow2', '-b', 'grub', '-k', 'vmlinuz'], /--kernel belongs to a direct boot, and this is a boot by grub/],
    [['-i', 'x.qcow2', '-e', 'quiet'], /--append belongs to a direct boot[\s\S]*next: Add -b direct/],
    [['-i', 'x.qcow2', '--quiet', '--verbose'], /cannot be used with/],
    [['-i', 'x.qcow2', '-q'], /tdvmcall or vsock\n {2}next: For no progress give --quiet/],
    [['-i', 'x.qcow2', '-q', '-v'], /tdvmcall or vsock\. No progress is --quiet/],
  ])('refuses %j with exit 2 and a next step', async (args, words) => {
    const { code, stdout, stderr } = await run(...args)

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^error\[USAGE\] /)
    expect(stderr).toMatch(words)
    expect(stderr).toMatch(/\n {2}next: /)
  })

  it('says that the image is not there, with exit 2', async () => {
    const { code, stderr } = await run('-i', '/nonexistent/guest.qcow2')

    expect(code).toBe(2)
    expect(stderr).toMatch(/^error\[INPUT_NOT_FOUND\] /)
  })

  it('names all missing programs at once, with one line that installs them', async () => {
    const { code, stderr } = await run('-i', fileURLToPath(import.meta.url))

    expect(code).toBe(3)
    expect(stderr).toMatch(/^error\[TOOL_MISSING\] not installed: qemu-img, qemu-system-x86_64\n/)
    expect(stderr).toMatch(/next: apt-get install .*\bqemu-system-x86 qemu-utils\n/)
  })

  it('gives errors as JSON too', async () => {
    const { stdout } = await run('-i', '/nonexistent/guest.qcow2', '--json')

    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'INPUT_NOT_FOUND' } })
  })

  it('prints the command of a confidential guest on a machine that has nothing for it, and runs nothing', async () => {
    const image = join(dir, `it's $(touch PWNED).raw`)
    await writeFile(image, tinyDisk({ ending: 'hang' }))
    const identity = 'ab'.repeat(48)

    const { code, stdout, stderr } = await run(
      '-i',
      image,
      '-t',
      'td',
      '--dry-run',
      '-w',
      `hex:${identity}`,
      '-o',
      '/usr/share/ovmf/OVMF.fd',
    )

    expect({ code, stderr: stderr.split('\n')[0] }).toEqual({ code: 0, stderr: expect.stringMatching(/^TDX guest; /) })
    expect(stdout).toMatch(/^qemu-system-x86_64 .* '\{"qom-type":"tdx-guest",.*\}' -bios \/\S+\/OVMF\.fd .*\n$/)
    expect(stdout).toContain(Buffer.from(identity, 'hex').toString('base64'))
    expect(stdout).toMatch(/file\.filename=\/\S+\/cvm-qemu-test-XXXXXXXX\/layer\.qcow2/)
  })

  it('spells TDX as --qemu-flavour says, and prints words with --json', async () => {
    const image = join(dir, 'guest.raw')
    await writeFile(image, tinyDisk({ ending: 'hang' }))

    const args = ['-t', 'td', '--dry-run', '--json', '--qemu-flavour', 'fork', '-w', 'ab'.repeat(48)]
    const { stdout } = await run('-i', image, ...args)

    const { ok, command } = JSON.parse(stdout)
    expect(ok).toBe(true)
    expect(command).toContainEqual(expect.stringContaining(`"mrownerconfig":"${'ab'.repeat(48)}"`))
  })

  it.each([
    [
      ['-t', 'td'],
      /error\[TEE_UNAVAILABLE\] this machine cannot start TDX guests\n[\s\S]*QEMU: qemu-system-x86_64 is not/,
    ],
    [['-t', 'snp'], /error\[TEE_UNAVAILABLE\] this machine cannot start SEV-SNP guests\n[\s\S]*QEMU: /],
  ])('names what is missing for %j with exit 3', async (args, words) => {
    const image = join(dir, 'guest.raw')
    await writeFile(image, tinyDisk({ ending: 'hang' }))

    const { code, stderr } = await run('-i', image, ...args)

    expect(code).toBe(3)
    expect(stderr).toMatch(words)
  })

  it.each([
    [['--mrowner', 'ab'.repeat(48)], /--mrowner is for TDX guests/],
    [['-a', '192.168.1.1'], /192\.168\.1\.1/],
    [['-m', 'xx'], /is no MAC address/],
    [['-t', 'legacy', '--secure-boot'], /a BIOS is asked for/],
    [['--launch', '/nonexistent.yaml'], /launch file \/nonexistent\.yaml cannot be read/],
    [['-p', '9001'], /-p 9001 is no path of a socket/],
    [['-t', 'td', '--accel', 'tcg', '--dry-run'], /never emulated/],
  ])('refuses %j with exit 2, with nothing started', async (args, words) => {
    const image = join(dir, 'guest.raw')
    await writeFile(image, tinyDisk({ ending: 'hang' }))

    const { code, stderr } = await run('-i', image, ...args)

    expect(code).toBe(2)
    expect(stderr).toMatch(words)
  })
})
