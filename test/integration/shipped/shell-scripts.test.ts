import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { findTool } from '../../../src/host/find-tool.js'
import { runTool } from '../../../src/host/run-tool.js'

const ROOT = new URL('../../..', import.meta.url).pathname
const SCRIPTS = ['pre-stage', 'post-stage', 'cloud-init'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:sh|bash)$/.test(name))
    .map((name) => join(folder, name)),
)

it.skipIf((await findTool('shellcheck')) === undefined)(
  'shellcheck has nothing to say about the shipped scripts (needs shellcheck)',
  async () => {
    const { stdout, exitCode } = await runTool({ tool: 'shellcheck', args: SCRIPTS, cwd: ROOT })

    expect(SCRIPTS.length).toBeGreaterThan(15)
    expect(stdout).toBe('')
    expect(exitCode).toBe(0)
  },
)
