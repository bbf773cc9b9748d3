import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readShebang } from '../../../src/plugins/script-file.js'

describe('readShebang', () => {
  it.each([
    ['#!/bin/sh\necho\n', ['/bin/sh']],
    ['#!/bin/sh', ['/bin/sh']],
    ['#! /bin/sh \n', ['/bin/sh']],
    ['#!/bin/bash -eu\n', ['/bin/bash', '-eu']],
    ['#!/usr/bin/env -S bash -eu\n', ['/usr/bin/env', '-S bash -eu']],
    ['#!/bin/sh\necho a\r\n', ['/bin/sh']],
  ])('reads %j as the kernel does', (script, interpreter) => {
    expect(readShebang(Buffer.from(script))).toEqual({ interpreter })
  })

  it.each([
    ['', '"#!/bin/sh"'],
    ['echo hello\n', 'add "#!/bin/sh" as first line'],
    ['\n#!/bin/sh\n', 'add'],
    ['#!/bin/sh\r\necho\r\n', 'line 1 ends with CR'],
    ['\uFEFF#!/bin/sh\n', 'byte order mark'],
    ['#!\n', 'names no program'],
    ['#!sh\n', 'not an absolute path'],
    [`#!/bin/sh ${'x'.repeat(300)}\n`, '256'],
    ['#!/bin/sh\0\n', 'NUL'],
  ])('refuses %j in words', (script, words) => {
    expect(readShebang(Buffer.from(script))).toEqual({ wrong: expect.stringContaining(words) })
  })

  it('has an answer for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const shebang = readShebang(bytes)

        expect('wrong' in shebang ? shebang.wrong : shebang.interpreter[0]).not.toBe('')
      }),
    )
  })
})
