import { existsSync } from 'node:fs'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { saveLogHooks } from '../../../src/stages/save-log.js'

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'save-log-'))
})
afterAll(async () => await rm(dir, { recursive: true, force: true }))

async function open(place: string): Promise<void> {
  const hooks = await saveLogHooks(place, undefined)
  await hooks.close?.()
}

describe('the directory of --save-log', () => {
  it('is made with those above it, and may be there already', async () => {
    await open(join(dir, 'a/b/c'))
    await open(join(dir, 'a/b/c'))

    expect((await stat(join(dir, 'a/b/c'))).isDirectory()).toBe(true)
  })

  it.each(['/proc/none/logs', '/proc/none', '/dev/null/logs'])(
    'is refused at once where none can be made: %s',
    async (place) => {
      await expect(open(place)).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE', next: 'Give another --save-log.' })
    },
  )

  it('is refused where a file is', async () => {
    await writeFile(join(dir, 'file'), 'mine')

    await expect(open(join(dir, 'file'))).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' })
    await expect(open(join(dir, 'file/logs'))).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' })
    expect(existsSync(join(dir, 'file/logs'))).toBe(false)
  })
})
