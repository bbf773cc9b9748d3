import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readPlugins } from '../../../src/plugins/read-plugins.js'
import { type PluginTrees, plantPlugins } from './plugin-trees.js'

const GOOD = 'appraise func=BPRM_CHECK fowner=0\n'
const HOST_RUN = '#!/bin/sh\n'

describe('the IMA policy that a plugin.yaml names', () => {
  it('D52: is checked line by line, and each bad line is told once with its place', async () => {
    await using trees = await plantPlugins({
      'pre-stage/20-a/plugin.yaml': 'ima: {policy: my/policy}\n',
      'pre-stage/20-a/my/policy': `# c\n${GOOD}appraise func=BPRM_CHEK\nmeasure fowner\n`,
    })

    expect(await problemsOf(trees)).toEqual([
      'IMA_POLICY_INVALID pre-stage/20-a/my/policy:3 unknown func "BPRM_CHEK"; did you mean BPRM_CHECK?',
      'IMA_POLICY_INVALID pre-stage/20-a/my/policy:4 unknown word "fowner"; fowner takes =, < or > and a value',
    ])
  })

  it.each(['files/etc/ima/ima-policy', './files/etc//ima/ima-policy'])(
    'is told once when it is also shipped, named as %s',
    async (policy) => {
      await using trees = await plantPlugins({
        'pre-stage/20-a/plugin.yaml': `ima: {policy: ${policy}}\n`,
        'pre-stage/20-a/files/etc/ima/ima-policy': 'measure func=NONSENSE\n',
      })

      expect(await problemsOf(trees)).toEqual([
        expect.stringMatching(/^IMA_POLICY_INVALID pre-stage\/20-a\/files\/etc\/ima\/ima-policy:1 unknown func/),
      ])
    },
  )

  it('has to be there, as a regular file of the plugin', async () => {
    await using trees = await plantPlugins({
      'pre-stage/20-a/plugin.yaml': 'ima: {policy: none}\n',
      'pre-stage/21-b/plugin.yaml': 'ima: {policy: directory}\n',
      'pre-stage/21-b/directory/': '',
      'pre-stage/22-c/plugin.yaml': 'ima: {policy: link}\n',
      'pre-stage/22-c/link': { to: '/etc/passwd' },
      'pre-stage/23-d/plugin.yaml': 'ima: {policy: out/passwd}\n',
      'pre-stage/23-d/out': { to: '/etc' },
    })

    expect(await problemsOf(trees)).toEqual([
      'PLUGIN_INVALID pre-stage/20-a/none is not there; ima.policy names it',
      'PLUGIN_INVALID pre-stage/21-b/directory is not a regular file; ima.policy names it',
      'PLUGIN_INVALID pre-stage/22-c/link is not a regular file; ima.policy names it',
      'PLUGIN_INVALID pre-stage/23-d/out/passwd lies behind a symbolic link; ima.policy names it',
      'PLUGIN_INVALID 20-a and 21-b have an IMA policy, and the kernel takes one',
    ])
  })

  it('may be written by the plugin’s host_run.sh, and is checked after it', async () => {
    await using trees = await plantPlugins({
      'pre-stage/20-a/plugin.yaml': 'ima: {policy: files/etc/ima/ima-policy}\n',
      'pre-stage/20-a/host_run.sh': HOST_RUN,
    })

    expect(await problemsOf(trees)).toEqual([])
    expect(await problemsOf(trees, true)).toEqual([
      'PLUGIN_INVALID pre-stage/20-a/files/etc/ima/ima-policy is not there; ima.policy names it',
    ])
    await mkdir(join(trees.preStage, '20-a/files/etc/ima'), { recursive: true })
    await writeFile(join(trees.preStage, '20-a/files/etc/ima/ima-policy'), 'appraise func=\n')
    expect(await problemsOf(trees, true)).toEqual([
      'IMA_POLICY_INVALID pre-stage/20-a/files/etc/ima/ima-policy:1 func= needs a value',
    ])
  })

  it('is not waited for in the post-stage, whose host scripts come after the boot', async () => {
    await using trees = await plantPlugins({
      'post-stage/20-a/plugin.yaml': 'ima: {policy: none}\n',
      'post-stage/20-a/host_run.sh': HOST_RUN,
    })

    expect(await problemsOf(trees)).toEqual(['PLUGIN_INVALID post-stage/20-a/none is not there; ima.policy names it'])
  })

  it('and one in the files/ of a plugin without a plugin.yaml are two', async () => {
    await using trees = await plantPlugins({
      'pre-stage/20-a/plugin.yaml': 'ima: {policy: policy}\n',
      'pre-stage/20-a/policy': GOOD,
      'pre-stage/30-b/files/etc/ima/ima-policy': GOOD,
      'pre-stage/10-c/files/etc/ima/ima-policy': GOOD,
      'pre-stage/10-c/NOT_RUN': '',
    })

    expect(await problemsOf(trees)).toEqual([expect.stringMatching(/^PLUGIN_INVALID 20-a and 30-b have an IMA policy/)])
  })
})

async function problemsOf(trees: PluginTrees, hostScriptsRan = false): Promise<readonly string[]> {
  const dirs = { preStage: trees.preStage, postStage: trees.postStage }
  const { problems } = await readPlugins({ dirs, skip: [], only: [], environment: {}, hostScriptsRan })
  return problems.map(({ code, where, what }) => `${code} ${where.replace(`${trees.root}/`, '')} ${what}`)
}
