import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PluginOption } from '../../../src/model/manifest.js'
import { planRootfs } from '../../../src/plugins/manifest/rootfs-plan.js'
import { aWisher } from '../../fixtures/rootfs.js'

const DEB = '!<arch>\ndebian-binary   '
const OPTION: PluginOption = { name: 'REPO', type: 'path', secret: false }
let repo: string
beforeEach(async () => {
  repo = await mkdtemp(join(tmpdir(), 'cvm-debs-'))
})
afterEach(async () => await rm(repo, { recursive: true, force: true }))

const planned = async (option: PluginOption = OPTION) =>
  await planRootfs([aWisher('06-kernel', { debs: '$REPO' }, [option])], { REPO: repo })
const problems = async (option?: PluginOption) => (await planned(option)).problems.map(({ what }) => what)

describe('rootfs: debs', () => {
  it('are all .deb files directly in the directory, in order, links followed', async () => {
    for (const name of ['b.deb', 'a b.deb', 'notes.txt', 'real.bin']) await writeFile(join(repo, name), DEB)
    await symlink('real.bin', join(repo, 'link.deb'))

    expect(await planned()).toMatchObject({
      problems: [],
      plan: {
        debs: ['a b.deb', 'b.deb', 'real.bin'].map((name) => ({ word: join(repo, name), plugins: ['06-kernel'] })),
      },
    })
  })

  it('may lie in the plugin itself', async () => {
    await writeFile(join(repo, 'a.deb'), DEB)
    const wisher = { ...aWisher('06-kernel', { debs: '.' }), dir: repo }

    expect((await planRootfs([wisher], {})).plan?.debs).toHaveLength(1)
  })

  it('have to be some', async () => {
    await writeFile(join(repo, 'notes.txt'), '')

    expect(await problems()).toEqual(['rootfs: debs: $REPO has no .deb file directly in it'])
  })

  it('have to be regular files that are packages, and all that are not are named', async () => {
    await writeFile(join(repo, 'text.deb'), '<html>404</html>')
    await writeFile(join(repo, 'empty.deb'), '')
    await symlink('nowhere', join(repo, 'lost.deb'))
    await symlink('/', join(repo, 'dir.deb'))
    spawnSync('mkfifo', [join(repo, 'pipe.deb')])

    expect(await problems()).toEqual([
      'rootfs: debs: $REPO/dir.deb is not a regular file',
      'rootfs: debs: $REPO/empty.deb is no Debian package (no ar archive)',
      'rootfs: debs: $REPO/lost.deb cannot be read: ENOENT',
      'rootfs: debs: $REPO/pipe.deb is not a regular file',
      'rootfs: debs: $REPO/text.deb is no Debian package (no ar archive)',
    ])
  })

  it('have to fit onto the seed one by one', async () => {
    await writeFile(join(repo, 'large.deb'), DEB)
    await truncate(join(repo, 'large.deb'), 2 ** 32)

    expect(await problems()).toEqual(['rootfs: debs: $REPO/large.deb is larger than the seed disk can carry (4 GiB)'])
  })

  it('have no line break in their names', async () => {
    await writeFile(join(repo, 'a\nb.deb'), DEB)

    expect(await problems()).toEqual(['rootfs: debs: $REPO/a?b.deb has a control character in its path'])
  })

  it('are asked for with an option of type path only', async () => {
    expect(await problems({ ...OPTION, type: 'string' })).toEqual(['rootfs: debs: $REPO is no option of type path'])
  })

  it('D56: are looked for where the option says: a file there is no directory', async () => {
    await writeFile(join(repo, 'a.deb'), DEB)
    const { problems: found } = await planRootfs([aWisher('06-kernel', { debs: '$REPO' }, [OPTION])], {
      REPO: join(repo, 'a.deb'),
    })

    expect(found.map(({ what }) => what)).toEqual(['rootfs: debs: $REPO cannot be read as a directory: ENOTDIR'])
  })
})
