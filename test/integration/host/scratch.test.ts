import { chmod, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { makeScratch } from '../../../src/host/scratch.js'

it('has the mode that was asked for, whatever the umask', async () => {
  const umask = process.umask(0o077)

  await using scratch = await makeScratch(tmpdir(), 'scratch-test', 0o711)

  process.umask(umask)
  expect((await stat(scratch.path)).mode & 0o7777).toBe(0o711)
})

it('is gone with all in it, but nothing that its links lead to', async () => {
  await using outside = await makeScratch(tmpdir(), 'scratch-outside', 0o700)
  await writeFile(join(outside.path, 'precious'), '')
  const scratch = await makeScratch(tmpdir(), 'scratch-test', 0o700)
  await symlink(outside.path, join(scratch.path, 'link'))
  await mkdir(join(scratch.path, 'closed'))
  await writeFile(join(scratch.path, 'closed', 'file'), '')
  await chmod(join(scratch.path, 'closed'), 0o000)

  await scratch.remove()

  await expect(stat(scratch.path)).rejects.toThrow('ENOENT')
  expect(await readdir(outside.path)).toEqual(['precious'])
})

it.each(['a..b.qcow2', '.hidden', 'XXXXXX', 'a b,c:d'])('takes the name %j', async (name) => {
  await using parent = await makeScratch(tmpdir(), 'has-XXXXXX-in-it', 0o700)

  await using scratch = await makeScratch(parent.path, name, 0o700)

  expect(scratch.path.startsWith(`${parent.path}/${name}-`)).toBe(true)
})

it('can be removed twice', async () => {
  const scratch = await makeScratch(tmpdir(), 'scratch-test', 0o700)

  await scratch.remove()
  await scratch.remove()
})
