import { describe, expect, it } from 'vitest'
import { mimeBundle } from '../../../src/guest/mime.js'

describe('mimeBundle', () => {
  it('writes a part as base64 in lines of at most 76 characters', () => {
    const text = mimeBundle([{ name: 'a.sh', type: 'x-shellscript', bytes: Buffer.alloc(100) }], '==b==')

    expect(text.startsWith('Content-Type: multipart/mixed; boundary="==b=="\nMIME-Version: 1.0\n\n--==b==\n')).toBe(
      true,
    )
    expect(text).toContain('Content-Type: text/x-shellscript; charset="utf-8"\n')
    expect(text).toContain(`filename="a.sh"\n\n${'A'.repeat(76)}\n${'A'.repeat(58)}==\n`)
    expect(text.endsWith('\n--==b==--\n')).toBe(true)
  })
})
