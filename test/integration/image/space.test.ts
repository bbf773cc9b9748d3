import { tmpdir } from 'node:os'
import { expect, it } from 'vitest'
import { assertSpace, neededBytes } from '../../../src/image/space.js'
import { errorOf } from './real-images.js'

it('adds the growth and a tenth', () => {
  expect(neededBytes(900, 100)).toBe(1100)
})

it('passes when there is room', async () => {
  await assertSpace(tmpdir(), 1024, 1024)
})

it('gives both numbers when there is none', async () => {
  const error = await errorOf(assertSpace(tmpdir(), 2 ** 60, 5 * 2 ** 30))

  expect(error).toMatchObject({ code: 'NO_SPACE', exitCode: 9 })
  expect(error.why).toMatch(/image 1073741824\.0 GiB, growth 5\.0 GiB, 10 % more\), [\d.]+ [GM]iB are free/)
})
