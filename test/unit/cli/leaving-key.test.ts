import { expect, it } from 'vitest'
import { readKeys } from '../../../src/cli/leaving-key.js'

it.each([
  ['ls\r', 'ls\r', false],
  ['\x1d', '', true],
  // Ctrl-C, Ctrl-\\ and an escape sequence are the guest's.
  ['\x03\x1c\x1b[A', '\x03\x1c\x1b[A', false],
  ['poweroff\x1dnever', 'poweroff', true],
])('of %j types %j into the guest', (keys, typed, leaves) => {
  expect(readKeys(Buffer.from(keys))).toEqual({ typed: Buffer.from(typed), leaves })
})
