import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareNames, firstBadUtf8, isEditorJunk, nameAsText, showName } from '../../../src/plugins/file-names.js'

describe('names of files', () => {
  it('finds the first byte that is not UTF-8, as the strict decoder of the platform does', () => {
    const strict = new TextDecoder('utf-8', { fatal: true })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const bad = firstBadUtf8(bytes)

        const sound = bad === undefined ? bytes : bytes.subarray(0, bad)
        expect(() => strict.decode(sound)).not.toThrow()
        if (bad !== undefined) expect(() => strict.decode(bytes)).toThrow()
      }),
    )
  })

  it('does not take a real replacement character for a broken byte', () => {
    expect(firstBadUtf8(Buffer.from('a\uFFFDb'))).toBeUndefined()
    expect(firstBadUtf8(Buffer.concat([Buffer.from('a\uFFFDb'), Buffer.from([0xff])]))).toBe(5)
  })

  it('shows broken bytes and control characters escaped', () => {
    expect(showName(Buffer.from([0x61, 0xff, 0x0a, 0x62]))).toBe('a\\xff\\x0ab')
    expect(showName(Buffer.from('ä b'))).toBe('ä b')
  })

  it('gives text back only when the bytes survive', () => {
    expect(nameAsText(Buffer.from('ä'))).toBe('ä')
    expect(nameAsText(Buffer.from([0xe4]))).toBeUndefined()
  })

  it('orders by bytes: upper case before lower case, no locale', () => {
    expect(['b', 'B', 'ä', 'a', '10', '2'].sort(compareNames)).toEqual(['10', '2', 'B', 'a', 'b', 'ä'])
  })

  it.each(['99-x.yaml~', '.99-x.yaml.swp', '.DS_Store', 'a.bak', '#x#', '.#x'])(
    'takes %s for an editor left-over',
    (name) => {
      expect(isEditorJunk(name)).toBe(true)
    },
  )

  it.each(['99-x.yaml', 'swp', '#x', '.profile'])('takes %s as it is', (name) => {
    expect(isEditorJunk(name)).toBe(false)
  })
})
