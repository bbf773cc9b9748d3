import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const BIN = fileURLToPath(new URL('../../dist/cli/bin-qemu-test.js', import.meta.url))

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
})
