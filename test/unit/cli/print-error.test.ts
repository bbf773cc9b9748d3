import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { errorText, exitCodeOf } from '../../../src/cli/print-error.js'
import { CvmError, Interrupted } from '../../../src/model/errors.js'

describe('errorText', () => {
  it('says what failed, why, the last lines and what to do', () => {
    const error = new CvmError('GUEST_PANICKED', 'The kernel panicked', {
      why: 'no root',
      next: 'mend it',
      lines: ['a', 'b'],
    })

    expect(stripVTControlCharacters(errorText(error))).toBe(
      'error[GUEST_PANICKED] The kernel panicked\n  why:  no root\n        | a\n        | b\n  next: mend it\n',
    )
  })

  it('lets no control character of the guest through', () => {
    const text = errorText(new CvmError('IO_ERROR', 'a\x1b]0;x\x07b', { why: 'c\x9b31md', lines: ['e\u202ef'] }))

    expect(stripVTControlCharacters(text)).toContain('] ab\n  why:  cd\n        | ef\n')
  })

  it('keeps the stack of a bug, and says nothing about an interruption', () => {
    expect(errorText(new Error('oops'))).toMatch(/bug.*Error: oops\n {4}at /)
    expect(errorText(new Interrupted('SIGINT'))).toBe('')
  })
})

describe('exitCodeOf', () => {
  it.each([
    [new CvmError('GUEST_PANICKED', ''), 7],
    [new CvmError('GUEST_TIMED_OUT', ''), 124],
    [new Interrupted('SIGINT'), 130],
    [new Interrupted('SIGTERM'), 143],
    [new Error(''), 1],
    ['text', 1],
  ])('maps %s', (error, code) => {
    expect(exitCodeOf(error)).toBe(code)
  })
})
