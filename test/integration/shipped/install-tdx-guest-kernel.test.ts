import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runTool } from '../../../src/host/run-tool.js'
import { readPlugins } from '../../../src/plugins/read-plugins.js'

const NAME = '06-install-tdx-guest-kernel'
const PRE_STAGE = new URL('../../../pre-stage', import.meta.url).pathname
let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cvm-kernel-'))
})
afterEach(async () => await rm(dir, { recursive: true, force: true }))

async function read(repo: string) {
  const environment = { CVM_TDX_GUEST_REPO: repo }
  const reading = await readPlugins({ dirs: { preStage: PRE_STAGE }, skip: [], only: [NAME], environment })
  return { ...reading, plugin: reading.plugins.find(({ name }) => name === NAME) }
}

describe(NAME, () => {
  it('brings every package of the directory, on the seed and not among the files (D58)', async () => {
    await writeFile(join(dir, 'linux-image-6.1.deb'), '!<arch>\n')
    const { wishes, payload, problems } = await read(dir)

    expect(problems).toEqual([])
    expect(wishes.rootfs?.debs).toEqual([{ word: join(dir, 'linux-image-6.1.deb'), plugins: [NAME] }])
    expect(payload.entries).toEqual([])
  })

  it('D56: refuses a directory that is given and is not there', async () => {
    expect((await read(join(dir, 'nosuch'))).problems).toEqual([
      {
        code: 'PLUGIN_INVALID',
        where: 'CVM_TDX_GUEST_REPO',
        what: `names nothing that is there (an option of ${NAME})`,
      },
    ])
  })

  it('D56: refuses a directory without a package', async () => {
    expect((await read(dir)).problems).toMatchObject([
      { where: NAME, what: 'rootfs: debs: $CVM_TDX_GUEST_REPO has no .deb file directly in it' },
    ])
  })

  it('does nothing without a directory, and says why', async () => {
    const { wishes, plugin } = await read('')

    expect(wishes).toEqual({})
    expect(plugin?.skipped).toBe('CVM_TDX_GUEST_REPO not given')
  })

  describe('in the guest, when the packages are installed', () => {
    const run = async () => {
      // The real script; only its two places in the guest are others.
      const text = await readFile(join(PRE_STAGE, NAME, 'guest_run.sh'), 'utf8')
      const script = text.replace('/var/lib/cvm-image-rewriter', dir).replace('/boot/config', `${dir}/boot/config`)
      expect(script.split(dir)).toHaveLength(3)
      await mkdir(join(dir, 'bin'), { recursive: true })
      await writeFile(join(dir, 'bin/cvm-note'), '#!/bin/sh\necho "note: $*"\n', { mode: 0o755 })
      await writeFile(join(dir, 'guest_run.sh'), script, { mode: 0o755 })
      const env = { PATH: `${dir}/bin:/usr/bin:/bin` }
      const { exitCode, stdout } = await runTool(
        { tool: join(dir, 'guest_run.sh'), args: [], env },
        { timeoutMs: 20_000 },
      )
      return { exitCode, stdout }
    }
    const come = async (config: string) => {
      await writeFile(join(dir, 'new-kernel'), '6.1\n')
      await mkdir(join(dir, 'boot'))
      await writeFile(join(dir, 'boot/config-6.1'), config)
    }

    it('D57: fails when none of them has a kernel', async () => {
      expect(await run()).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('none of the packages') })
    })

    it('D57: warns of a kernel that cannot be a TDX guest', async () => {
      await come('CONFIG_INTEL_TDX_GUEST=y_NOT\n# CONFIG_INTEL_TDX_GUEST is not set\n')

      expect(await run()).toMatchObject({
        exitCode: 0,
        stdout: expect.stringContaining('note: warning: the kernel 6.1 is built without'),
      })
    })

    it('says so of one that can', async () => {
      await come('CONFIG_INTEL_TDX_GUEST=y\n')

      expect(await run()).toEqual({ exitCode: 0, stdout: 'note: the kernel 6.1 is built for a TDX guest\n' })
    })
  })
})
