import { createHash, randomBytes } from 'node:crypto'
import { link, rename, symlink, writeFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { assertUnchanged, fileIdentity, sameFile, sha256File } from '../../../src/image/file-identity.js'
import { errorOf, type Images, someImages } from './real-images.js'

let images: Images
beforeEach(async () => {
  images = await someImages()
  await writeFile(images.at('a'), 'bytes')
})
afterEach(() => images[Symbol.asyncDispose]())

describe('sameFile', () => {
  it('sees through links of both kinds', async () => {
    await symlink('a', images.at('soft'))
    await link(images.at('a'), images.at('hard'))

    expect(await sameFile(images.at('a'), images.at('soft'))).toBe(true)
    expect(await sameFile(images.at('soft'), images.at('hard'))).toBe(true)
  })

  it('is false for a copy and for a file that is not there', async () => {
    await writeFile(images.at('b'), 'bytes')

    expect(await sameFile(images.at('a'), images.at('b'))).toBe(false)
    expect(await sameFile(images.at('a'), images.at('gone'))).toBe(false)
  })
})

describe('assertUnchanged', () => {
  it('accepts a file that nobody touched', async () => {
    await assertUnchanged(images.at('a'), await fileIdentity(images.at('a')))
  })

  it('notices a write of the same length, and another file of the same content', async () => {
    const before = await fileIdentity(images.at('a'))
    await writeFile(images.at('b'), 'bytes')
    await writeFile(images.at('a'), 'BYTES')
    expect((await errorOf(assertUnchanged(images.at('a'), before))).why).toContain('time of last change')

    await rename(images.at('b'), images.at('a'))
    expect((await errorOf(assertUnchanged(images.at('a'), before))).why).toContain('another file')
  })
})

describe('sha256File', () => {
  it.each([0, 1, 1024 * 1024, 2.5 * 1024 * 1024 + 7])('hashes %d bytes', async (length) => {
    const bytes = randomBytes(length)
    await writeFile(images.at('data'), bytes)

    expect(await sha256File(images.at('data'))).toBe(createHash('sha256').update(bytes).digest('hex'))
  })
})
