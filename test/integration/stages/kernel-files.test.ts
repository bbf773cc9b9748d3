import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { settleLaunch } from '../../../src/launch/settle-launch.js'
import { assertKernelFiles } from '../../../src/stages/kernel-files.js'

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kernel-files-'))
  await writeFile(join(dir, 'garbage'), Buffer.alloc(20_000, 'garbage'))
  await writeFile(join(dir, 'empty'), '')
  execFileSync('mkfifo', [join(dir, 'pipe')])
})
afterAll(async () => await rm(dir, { recursive: true, force: true }))

async function check(wishes: { readonly kernel?: string; readonly initrd?: string }): Promise<void> {
  const paths = Object.entries(wishes).map(([key, name]) => [key, join(dir, name)])
  await assertKernelFiles(settleLaunch([{ origin: '--flag', wishes: Object.fromEntries(paths) }]))
}

/** A file of zeros that has these bytes at a place. */
async function fileWith(name: string, bytes: string, at: number): Promise<string> {
  const content = Buffer.alloc(16_384)
  content.write(bytes, at, 'latin1')
  await writeFile(join(dir, name), content)
  return name
}

describe('assertKernelFiles', () => {
  it.each([
    ['a vmlinuz', 'HdrS', 0x202],
    ['an ELF file', '\x7fELF', 0],
    ['an EFI program', 'MZ', 0],
    ['a multiboot kernel', '\x02\xb0\xad\x1b', 4096],
  ])('takes %s, with any initrd', async (_what, bytes, at) => {
    const kernel = await fileWith('kernel', bytes, at)

    await expect(check({ kernel, initrd: 'garbage' })).resolves.toBeUndefined()
  })

  it('has nothing against a launch without them', async () => {
    await expect(check({})).resolves.toBeUndefined()
  })

  it.each([
    ['garbage', /^--flag: .*garbage is not a kernel: it begins like neither a vmlinuz nor an ELF file$/],
    ['empty', /^--flag: .*empty" is empty$/],
    ['.', /is a directory, not a regular file/],
    ['pipe', /is a pipe, not a regular file/],
    ['absent', /there is no file/],
  ])('refuses the kernel %s at once, without waiting for a pipe', async (kernel, message) => {
    await expect(check({ kernel })).rejects.toMatchObject({
      code: 'LAUNCH_INVALID',
      message: expect.stringMatching(message),
    })
  })

  it('tells what is wrong with both', async () => {
    await expect(check({ kernel: 'garbage', initrd: 'pipe' })).rejects.toMatchObject({
      code: 'LAUNCH_INVALID',
      lines: [expect.stringContaining('is not a kernel'), expect.stringContaining('is a pipe')],
    })
  })
})
