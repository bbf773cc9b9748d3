import { describe, expect, it } from 'vitest'
import { readDomainList } from '../../../src/tools/virsh.js'

describe('readDomainList', () => {
  it('reads names with blanks and digits, and passes over the empty line at the end', () => {
    const stdout =
      '6695eb01-f6a4-8304-79aa-97f2502e193f test\n0c0ffee0-0000-4000-8000-000000000001 my  guest \n0c0ffee0-0000-4000-8000-000000000002 7\n\n'

    expect(readDomainList(stdout)).toEqual([
      { uuid: '6695eb01-f6a4-8304-79aa-97f2502e193f', name: 'test' },
      { uuid: '0c0ffee0-0000-4000-8000-000000000001', name: 'my  guest' },
      { uuid: '0c0ffee0-0000-4000-8000-000000000002', name: '7' },
    ])
  })
})
