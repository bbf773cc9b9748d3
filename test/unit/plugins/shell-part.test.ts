import { describe, expect, it } from 'vitest'
import { checkShellPart } from '../../../src/plugins/shell-part.js'

function problems(content: string | Uint8Array) {
  return checkShellPart(Buffer.from(content as string), 'p/01-a.sh')
}

describe('checkShellPart', () => {
  it('takes a script', () => {
    expect(problems('#!/bin/sh\necho ä\n')).toEqual([])
  })

  it.each([
    ['without #!', 'echo\n', 'add "#!/bin/sh"'],
    ['with CR', '#!/bin/sh\r\n', 'CR'],
    ['that is binary', Buffer.from('#!/bin/sh\n\0'), 'NUL byte at offset 10'],
    ['that is not UTF-8', Buffer.from([0x23, 0x21, 0xff]), '0xff at offset 2'],
    ['of more than 1 MiB', `#!/bin/sh\n${'#'.repeat(1 << 20)}`, '1 MiB'],
    ['that is empty', '', 'add'],
  ])('refuses a part %s', (_, content, words) => {
    expect(problems(content)).toEqual([
      { code: 'USER_DATA_INVALID', where: 'p/01-a.sh', what: expect.stringContaining(words) },
    ])
  })
})
