import { describe, expect, it } from 'vitest'
import { CvmError } from '../../../src/model/errors.js'
import { fromSystem, isNoSpace } from '../../../src/model/system-error.js'

function aRefusal(code: string, path?: string): Error {
  return Object.assign(new Error(`${code}: refused, open`), { code, syscall: 'open', ...(path && { path }) })
}

describe('fromSystem', () => {
  it.each([
    ['ENOSPC', 'NO_SPACE', 'no room on the disk: /d/file'],
    ['EDQUOT', 'NO_SPACE', 'no room on the disk: /d/file'],
    ['EROFS', 'IO_ERROR', 'the file system is read-only: /d/file'],
    ['EACCES', 'IO_ERROR', 'no permission: /d/file'],
  ])('makes of %s an error that a person can act on', (code, ours, message) => {
    const cause = aRefusal(code, '/d/file')

    expect(fromSystem(cause)).toMatchObject({ code: ours, exitCode: 9, message, why: cause.message, cause })
  })

  it('says nothing of a path that is not known', () => {
    expect(fromSystem(aRefusal('ENOSPC'))).toMatchObject({ message: 'no room on the disk' })
  })

  it.each([[aRefusal('ENOENT')], [new Error('oops')], [new CvmError('NO_SPACE', '')], ['text']])(
    'leaves %s as it is: a bug stays one',
    (error) => {
      expect(fromSystem(error)).toBe(error)
    },
  )
})

describe('isNoSpace', () => {
  it('knows a full disk from a closed door', () => {
    expect([aRefusal('ENOSPC'), aRefusal('EACCES'), undefined].map(isNoSpace)).toEqual([true, false, false])
  })
})
