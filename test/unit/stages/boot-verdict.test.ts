import { describe, expect, it } from 'vitest'
import { crashed } from '../../../src/stages/boot-verdict.js'

describe('a QEMU that ended while the guest ran', () => {
  // What QEMU prints: hw/i386/x86.c, x86_load_linux.
  it.each([
    "qemu-system-x86_64: could not load kernel '/k': Is a directory",
    'qemu: invalid kernel header',
    'qemu: error reading initrd /i: No such file',
  ])('could not load what is started directly: %s', (stderr) => {
    expect(crashed(stderr, 'exit code 1')).toMatchObject({ code: 'LAUNCH_INVALID', exitCode: 2 })
  })

  it('crashed, when it says something else or nothing', () => {
    expect(crashed('qemu-system-x86_64: terminating\n', 'signal 6')).toMatchObject({
      code: 'GUEST_CRASHED',
      why: expect.stringContaining('terminating'),
    })
    expect(crashed('', 'signal 6').why).toBeUndefined()
  })
})
