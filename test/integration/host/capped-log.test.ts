import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { CappedLog } from '../../../src/host/capped-log.js'
import { makeScratch } from '../../../src/host/scratch.js'

it('keeps head and tail and names the gap', async () => {
  expect(await logged('abcdefghijklmnop', { headBytes: 3, tailBytes: 2 })).toBe(
    'abc\n[11 bytes are left out here: the log is capped]\nop',
  )
})

it('keeps all of what fits, without a word about a gap', async () => {
  expect(await logged('abcde', { headBytes: 3, tailBytes: 2 })).toBe('abcde')
})

it('remembers why it could not be written, and goes on', () => {
  const log = new CappedLog({ target: { kind: 'file', path: '/no/such/directory/log' }, headBytes: 1, tailBytes: 1 })

  log.write(Buffer.from('x'))
  log.end()

  expect(log.failure).toMatchObject({ code: 'ENOENT' })
})

async function logged(text: string, limits: { headBytes: number; tailBytes: number }): Promise<string> {
  await using scratch = await makeScratch(tmpdir(), 'capped-log-test', 0o700)
  const path = join(scratch.path, 'log')
  const log = new CappedLog({ target: { kind: 'file', path }, ...limits })
  for (const letter of text) log.write(Buffer.from(letter))
  log.end()
  return await readFile(path, 'utf8')
}
