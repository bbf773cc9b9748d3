import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { publish } from '../../../src/image/publish.js'
import { errorOf, type Images, someImages } from './real-images.js'

let images: Images
beforeEach(async () => {
  images = await someImages()
  await writeFile(images.at('candidate'), 'new', { mode: 0o600 })
})
afterEach(() => images[Symbol.asyncDispose]())

function publishAs(name: string, existing: 'refuse' | 'replace' = 'refuse'): Promise<void> {
  return publish({ candidatePath: images.at('candidate'), outputPath: images.at(name), existing })
}

describe('publish', () => {
  it('gives the finished file its name and a fixed mode', async () => {
    await publishAs('out')

    expect(await readFile(images.at('out'), 'utf8')).toBe('new')
    expect((await stat(images.at('out'))).mode & 0o777).toBe(0o644)
    expect(await readdir(images.dir)).toEqual(['out'])
  })

  it('replaces an old file when asked', async () => {
    await writeFile(images.at('out'), 'old')

    await publishAs('out', 'replace')

    expect(await readFile(images.at('out'), 'utf8')).toBe('new')
  })

  it('replaces a link, not what it leads to', async () => {
    await writeFile(images.at('precious'), 'old')
    await symlink('precious', images.at('out'))

    await publishAs('out', 'replace')

    expect(await readFile(images.at('precious'), 'utf8')).toBe('old')
    expect(await readFile(images.at('out'), 'utf8')).toBe('new')
  })

  it('leaves a file alone that appeared during the run, and keeps the candidate', async () => {
    await writeFile(images.at('out'), 'old')

    const error = await errorOf(publishAs('out'))

    expect(error).toMatchObject({ code: 'OUTPUT_EXISTS', exitCode: 2, next: expect.stringContaining('is kept') })
    expect(await readFile(images.at('out'), 'utf8')).toBe('old')
    expect(await readFile(images.at('candidate'), 'utf8')).toBe('new')
  })

  it('refuses a directory, even with force', async () => {
    await mkdir(images.at('out'))

    expect(await errorOf(publishAs('out', 'replace'))).toMatchObject({ code: 'OUTPUT_UNWRITABLE', exitCode: 9 })
    expect(await readFile(images.at('candidate'), 'utf8')).toBe('new')
  })

  it('says that the directory is gone, or the candidate on another disk, and that the candidate is kept', async () => {
    const error = await errorOf(publishAs('gone/out'))

    expect(error).toMatchObject({
      code: 'IO_ERROR',
      exitCode: 9,
      next: expect.stringContaining('is kept'),
    })
  })
})
