import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeWholeFile } from '../../../src/host/write-whole-file.js'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cvm-whole-'))
})
afterEach(async () => await rm(dir, { recursive: true, force: true }))

const write = async (existing: 'refuse' | 'replace', beforeNaming?: () => Promise<void>) =>
  await writeWholeFile({
    path: join(dir, 'file'),
    bytes: Buffer.from('new'),
    mode: 0o640,
    existing,
    ...(beforeNaming === undefined ? {} : { beforeNaming }),
  })
const contents = async () => await readFile(join(dir, 'file'), 'utf8')

describe('writeWholeFile', () => {
  it('writes a file with the permissions asked for, and leaves nothing beside it', async () => {
    await write('refuse')

    expect(await contents()).toBe('new')
    expect((await stat(join(dir, 'file'))).mode & 0o777).toBe(0o640)
    expect(await readdir(dir)).toEqual(['file'])
  })

  it('replaces a file only when told to, also one that came while it wrote', async () => {
    const comes = async () => await writeFile(join(dir, 'file'), 'old')

    await expect(write('refuse', comes)).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' })
    expect(await contents()).toBe('old')
    await write('replace')
    expect(await contents()).toBe('new')
  })

  it('leaves everything as it was when the last question is answered with an error', async () => {
    await writeFile(join(dir, 'file'), 'old')
    const refusal = new Error('changed')

    await expect(write('replace', async () => await Promise.reject(refusal))).rejects.toBe(refusal)
    expect(await contents()).toBe('old')
    expect(await readdir(dir)).toEqual(['file'])
  })

  it('says so when the directory is not there', async () => {
    await rm(dir, { recursive: true })

    await expect(write('refuse')).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' })
  })
})
