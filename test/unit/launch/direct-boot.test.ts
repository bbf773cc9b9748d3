import { describe, expect, it } from 'vitest'
import { directBootLine } from '../../../src/launch/direct-boot.js'

describe('the command line of a direct boot', () => {
  it('names the root and the consoles, and ends with what is added', () => {
    const line = { root: 'PARTUUID=1-2', consoles: ['hvc0', 'ttyS0'], append: 'quiet a="b c"' }

    expect(directBootLine(line)).toBe('root=PARTUUID=1-2 ro console=hvc0 console=ttyS0 quiet a="b c"')
  })

  it('is that of a launch file, whole, with what is added', () => {
    const line = { cmdline: 'root=/dev/vda9 rw', root: undefined, consoles: ['ttyS0'], append: 'quiet' }

    expect(directBootLine(line)).toBe('root=/dev/vda9 rw quiet')
  })

  it('cannot be made without a root', () => {
    expect(() => directBootLine({ root: undefined, consoles: [] })).toThrow(
      expect.objectContaining({ code: 'LAUNCH_INVALID', next: expect.stringContaining('-r /dev/vda1') }),
    )
  })

  it('has no control characters in it, and is no longer than Linux takes', () => {
    const line = (append: string) => directBootLine({ root: 'x', consoles: [], append })

    expect(() => line('a\nb')).toThrow(/control characters/)
    expect(line('a'.repeat(2047 - 'root=x ro '.length))).toHaveLength(2047)
    expect(() => line('a'.repeat(2048 - 'root=x ro '.length))).toThrow(/too long/)
  })
})
