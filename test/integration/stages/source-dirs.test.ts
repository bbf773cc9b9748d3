import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PACKAGE_DIR, sourceDirs } from '../../../src/stages/sources.js'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cvm-sources-'))
})
afterEach(async () => await rm(dir, { recursive: true, force: true }))

const SHIPPED = {
  preStage: join(PACKAGE_DIR, 'pre-stage'),
  postStage: join(PACKAGE_DIR, 'post-stage'),
  cloudInit: join(PACKAGE_DIR, 'cloud-init'),
}

async function have(...dirs: readonly string[]): Promise<void> {
  for (const name of dirs) await mkdir(join(dir, name), { recursive: true })
}

function refusal(pluginsDir: string | undefined, cwd = dir): unknown {
  try {
    return sourceDirs(cwd, pluginsDir)
  } catch (error) {
    return error
  }
}

describe('sourceDirs', () => {
  it('takes plugins/ for the pre-stage, scripts/ beside it, and the shipped directories for what is not there', async () => {
    await have('plugins/05-x', 'scripts')

    expect(sourceDirs('/', dir)).toEqual({ ...SHIPPED, preStage: join(dir, 'plugins'), scripts: join(dir, 'scripts') })
  })

  it('takes post-stage/ and cloud-init/ beside plugins/ when they are there', async () => {
    await have('plugins/05-x', 'post-stage', 'cloud-init')

    expect(sourceDirs('/', dir)).toEqual({
      preStage: join(dir, 'plugins'),
      postStage: join(dir, 'post-stage'),
      cloudInit: join(dir, 'cloud-init'),
    })
  })

  it('takes pre-stage/ and scripts/ of the first layout', async () => {
    await have('pre-stage', 'scripts')

    expect(sourceDirs('/', dir)).toEqual({
      ...SHIPPED,
      preStage: join(dir, 'pre-stage'),
      scripts: join(dir, 'scripts'),
    })
  })

  it('reads both layouts in the current directory too, without --plugins', async () => {
    await have('plugins/05-x')

    expect(sourceDirs(dir, undefined).preStage).toBe(join(dir, 'plugins'))
  })

  it.each(['plugins', 'plugins/vite', 'scripts'])('leaves a %s/ of some other program alone', async (name) => {
    await have(name)

    expect(sourceDirs(dir, undefined)).toEqual(SHIPPED)
  })

  it('takes a plugins/ with wrong numbers, so that its problems are told', async () => {
    await have('plugins/5-x')

    expect(sourceDirs(dir, undefined).preStage).toBe(join(dir, 'plugins'))
  })

  it('refuses a directory with both layouts, and says how to go on', async () => {
    await have('pre-stage', 'plugins/05-x')

    for (const error of [refusal(dir), refusal(undefined)])
      expect(error).toMatchObject({
        code: 'USAGE',
        message: expect.stringContaining('has both pre-stage/ and plugins/'),
        why: expect.stringContaining('two layouts'),
        next: expect.stringContaining('move the plugins of plugins/ into pre-stage/'),
      })
  })

  it('refuses a directory with neither layout, and says what was looked for', async () => {
    await have('plugins', 'files')
    await writeFile(join(dir, 'run.sh'), '')

    expect(refusal(dir)).toMatchObject({
      code: 'USAGE',
      message: `--plugins ${dir}: no plugins in there`,
      why: expect.stringContaining('no plugins/ with directories such as 03-netplan'),
      next: expect.stringContaining('cvm-rewrite init'),
    })
  })

  it('names the directory above when it is given that of the plugins themselves', async () => {
    await have('plugins/05-x')

    expect(refusal('plugins')).toMatchObject({ code: 'USAGE', next: expect.stringContaining(`--plugins ${dir}`) })
  })
})
