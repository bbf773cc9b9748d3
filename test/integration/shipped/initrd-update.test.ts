import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readPlugins } from '../../../src/plugins/read-plugins.js'

const PLUGIN = new URL('../../../pre-stage/60-initrd-update', import.meta.url).pathname

describe('60-initrd-update', () => {
  it('ships without files and then does nothing', async () => {
    await using copy = await aCopy()

    const { problems, notes, wishes, payload } = await copy.read()

    expect({ problems, notes, wishes, files: payload.entries }).toEqual({
      problems: [],
      notes: [],
      wishes: {},
      files: [],
    })
  })

  it('puts files, links and directories into the initrd, empty ones and names with blanks too, and nothing of its own', async () => {
    await using copy = await aCopy()
    await mkdir(join(copy.dir, 'files/etc/empty one'), { recursive: true })
    await writeFile(join(copy.dir, 'files/etc/a key'), 'x')
    await writeFile(join(copy.dir, 'files/.hidden'), 'x')
    await symlink('a key', join(copy.dir, 'files/etc/link'))

    const { problems, wishes } = await copy.read()

    expect(problems).toEqual([])
    expect(wishes.initrd?.files.map(({ word }) => word)).toEqual([
      '/.hidden',
      '/etc',
      '/etc/a key',
      '/etc/empty one',
      '/etc/link',
    ])
  })

  it('refuses a name with a line break', async () => {
    await using copy = await aCopy()
    await mkdir(join(copy.dir, 'files'))
    await writeFile(join(copy.dir, 'files/two\nlines'), 'x')

    const { problems } = await copy.read()

    expect(problems.map(({ where, what }) => [where, what])).toEqual([
      [`${copy.dir}/files/two\\x0alines`, expect.stringContaining('has a line break or a tab in its name')],
    ])
  })
})

async function aCopy() {
  const preStage = await mkdtemp(join(tmpdir(), 'initrd-update-'))
  const dir = join(preStage, '60-initrd-update')
  await cp(PLUGIN, dir, { recursive: true })
  return {
    dir,
    read: async () => await readPlugins({ dirs: { preStage }, skip: [], only: [], environment: {} }),
    [Symbol.asyncDispose]: () => rm(preStage, { recursive: true }),
  }
}
