import { describe, expect, it } from 'vitest'
import { type GuestfishInput, guestfishCall, readGuestfishFailure } from '../../../src/tools/guestfish.js'

function anInput(changes: Partial<GuestfishInput> = {}): GuestfishInput {
  return {
    disk: { path: '/d/image', format: 'qcow2' },
    readOnly: true,
    accel: 'kvm',
    scratchDir: '/s',
    commands: [['list-filesystems']],
    ...changes,
  }
}

describe('a call of guestfish', () => {
  it('gives the format before the disk, and parts commands with colons', () => {
    const commands = [
      ['mount-ro', '/dev/sda1', '/'],
      ['cat', '/etc/os-release'],
    ]

    expect(guestfishCall(anInput({ commands })).args).toEqual(
      [
        ['--ro', '--format=qcow2', '-a', '/d/image', '--', 'run'],
        [':', 'mount-ro', '/dev/sda1', '/'],
        [':', 'cat', '/etc/os-release'],
      ].flat(),
    )
  })

  it('takes words with quotes, spaces and line ends as they are', () => {
    const words = ['write', '/x', `a 'b' "c" $(d)\n: e`]

    expect(guestfishCall(anInput({ commands: [words] })).args.slice(-3)).toEqual(words)
  })

  it('refuses a word that would end the command, and a path that may be taken for something else', () => {
    expect(() => guestfishCall(anInput({ commands: [['write', '/x', ':']] }))).toThrow(/colon/)
    expect(() => guestfishCall(anInput({ disk: { path: 'http://x/y', format: 'raw' } }))).toThrow(/absolute/)
  })

  it('tells libguestfs not to try a KVM that does not work, and nothing when it does', () => {
    expect(guestfishCall(anInput({ accel: 'tcg' })).env).toMatchObject({ LIBGUESTFS_BACKEND_SETTINGS: 'force_tcg' })
    expect(guestfishCall(anInput()).env).toEqual({ LIBGUESTFS_BACKEND: 'direct', LIBGUESTFS_TMPDIR: '/s' })
  })
})

describe('a failure of guestfish', () => {
  // guestfish 1.48.6 without a kernel in /boot.
  const NO_KERNEL = `*stdin*:0: libguestfs: error: /usr/bin/supermin exited with error status 1.
To see full error messages you may need to enable debugging.`
  // guestfish 1.48.6 with a /dev/kvm under which guests abort.
  const ABORTED = `*stdin*:0: libguestfs: error: appliance closed the connection unexpectedly.
This usually means the libguestfs appliance crashed.
*stdin*:0: libguestfs: error: /usr/bin/qemu-system-x86_64 killed by signal 6 (Aborted).
*stdin*:0: libguestfs: error: guestfs_launch failed.`

  it('is told apart: no kernel, no start, a command', () => {
    expect(readGuestfishFailure(NO_KERNEL).kind).toBe('no-appliance')
    expect(readGuestfishFailure(ABORTED)).toEqual({
      kind: 'no-launch',
      why: 'appliance closed the connection unexpectedly.',
    })
    expect(readGuestfishFailure('*stdin*:0: libguestfs: error: cat: /x: No such file or directory\n')).toEqual({
      kind: 'command',
      why: 'cat: /x: No such file or directory',
    })
  })

  it('is shown as guestfish said it when libguestfs said nothing', () => {
    expect(readGuestfishFailure('guestfish: unknown option\n').why).toBe('unknown option')
    expect(readGuestfishFailure('mystery\n').why).toBe('mystery')
  })

  // guestfish 1.48.6 with -i on a disk that has none.
  it('is not its advice on its own options', () => {
    const stderr = `guestfish: no operating system was found on this disk

If using guestfish \u2018-i\u2019 option, remove this option and instead
use the commands \u2018run\u2019 followed by \u2018list-filesystems\u2019.
  (see the virt tool manual page).
`

    expect(readGuestfishFailure(stderr)).toEqual({ kind: 'command', why: 'no operating system was found on this disk' })
  })
})
