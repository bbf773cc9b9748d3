import { describe, expect, it } from 'vitest'
import { type QemuTestOptions, qemuTestCommand } from '../../../src/cli/qemu-test-command.js'
import { directBootOf, layersOfFlags, limitOf, monitorOf } from '../../../src/cli/qemu-test-launch.js'
import { settleLaunch } from '../../../src/launch/settle-launch.js'

function parsed(...args: readonly string[]): QemuTestOptions {
  let options: QemuTestOptions | undefined
  qemuTestCommand((given) => {
    options = given
  }).parse(['node', 'cvm-qemu-test', ...args])
  if (options === undefined) throw new Error('the action was not called')
  return options
}

async function launchOf(...args: readonly string[]) {
  return settleLaunch(await layersOfFlags(parsed(...args)))
}

describe('-t', () => {
  it('takes a kind of machine, whole minutes, or one of each', () => {
    expect(parsed('-t', 'efi').type).toEqual({ kind: 'efi' })
    expect(parsed('-t', '20').type).toEqual({ minutes: 20 })
    expect(parsed('-t', '20', '-t', 'snp').type).toEqual({ kind: 'snp', minutes: 20 })
    expect(parsed('--type', 'td', '-t', 'efi').type).toEqual({ kind: 'efi' })
  })

  it('is the same limit as --timeout and --time', () => {
    expect(
      [
        ['-t', '7'],
        ['--timeout', '7'],
        ['--time', '7'],
        ['-t', '7', '--timeout', '7'],
      ].map((args) => limitOf(parsed(...args))),
    ).toEqual([7, 7, 7, 7])
    expect(limitOf(parsed('-t', 'efi'))).toBeUndefined()
    expect(() => limitOf(parsed('-t', '7', '--time', '8'))).toThrow('two limits are given: 7 and 8 minutes')
  })
})

describe('the letters of qemu-test.sh', () => {
  it('ask the same of the launch as their long names', async () => {
    const { wishes, origins } = await launchOf(
      ...['-t', 'td', '-c', '4', '-m', '52:54:00:AA:bb:01', '-n', '10.9.0.0/24', '-a', '10.9.0.20', '-u', '-d'],
      ...['-q', 'tdvmcall', '-k', '/boot/vmlinuz', '-o', '/ovmf.fd', '-w', 'ab'.repeat(48)],
    )

    expect(wishes).toEqual({
      tee: 'tdx',
      vcpus: 4,
      mac: '52:54:00:aa:bb:01',
      network: 'user',
      cidr: '10.9.0.0/24',
      dhcpStart: '10.9.0.20',
      hugepages: true,
      debug: true,
      quoteService: { kind: 'vsock', cid: 2, port: 4050 },
      kernel: '/boot/vmlinuz',
      firmware: 'rom',
      firmwareImage: '/ovmf.fd',
      mrownerconfig: 'ab'.repeat(48),
    })
    expect(origins).toMatchObject({ tee: '-t td', vcpus: '--vcpus', quoteService: '-q' })
  })

  it('give a vsock device with -v and -q vsock, with a context ID of its own where one is named', async () => {
    expect((await launchOf('-v')).wishes).toEqual({ vsockCid: 'free' })
    expect((await launchOf('-t', 'td', '-q', 'vsock')).wishes).toEqual({ tee: 'tdx', vsockCid: 'free' })
    expect((await launchOf('-q', 'vsock', '-v', '77')).wishes).toEqual({ vsockCid: 77 })
  })

  it('choose plain machines by -t legacy, -t efi and --firmware alike', async () => {
    expect((await launchOf('-t', 'legacy')).wishes).toEqual({ tee: 'none', firmware: 'bios' })
    expect((await launchOf('-t', 'efi', '--firmware', 'uefi')).wishes).toEqual({ tee: 'none', firmware: 'uefi' })
    expect((await launchOf('--firmware', 'bios')).wishes).toEqual({ firmware: 'bios' })
    expect((await launchOf('--firmware', 'auto')).wishes).toEqual({})
  })

  it('have no TCP port for the monitor any more', () => {
    expect(monitorOf(parsed('-p', '/run/m'))).toBe('/run/m')
    expect(() => monitorOf(parsed('-p', '9001'))).toThrow('-p 9001 is no path of a socket')
    expect(() => monitorOf(parsed('-p', ''))).toThrow('is no path')
  })
})

describe('a direct boot', () => {
  it('is what -b direct or -k alone ask for', () => {
    expect(directBootOf(parsed('-b', 'direct'))).toEqual({ consoles: ['hvc0', 'ttyS0'] })
    expect(directBootOf(parsed('-k', 'vmlinuz', '-s', '-r', '/dev/vda2', '-e', 'quiet'))).toEqual({
      root: '/dev/vda2',
      append: 'quiet',
      consoles: ['ttyS0'],
    })
    expect(directBootOf(parsed('-b', 'grub'))).toBeUndefined()
    expect(directBootOf(parsed())).toBeUndefined()
  })

  it.each([['-k', 'x'], ['--initrd', 'x'], ['-r', 'x'], ['-e', 'x'], ['-s']])('has %s for itself', (...part) => {
    expect(() => directBootOf(parsed('-b', 'grub', ...part))).toThrow(/belongs to a direct boot/)
  })
})
