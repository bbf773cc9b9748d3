import { execFileSync } from 'node:child_process'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { manifestSchema } from '../../../src/plugins/manifest/manifest-schema.js'
import { readPlugins } from '../../../src/plugins/read-plugins.js'
import { aBench, type Bench } from '../cli/rewrite-bench.js'

const SAMPLE = new URL('../../../pre-stage/97-sample', import.meta.url).pathname

describe('97-sample', () => {
  it('reaches the guest with its files, its cloud-config and all its scripts when its NOT_RUN is gone', async () => {
    await using bench = await aBench()
    const before = await plantSample(bench)

    const { code, stderr } = await bench.run(['-v'], { CVM_SAMPLE_GREETING: 'good day' })

    expect(code, stderr).toBe(0)
    expect(stderr).toContain('97-sample: the greeting is in files/')
    expect(stderr).toMatch(/97-sample: the report so far has \d+ lines/)
    const domain = /--name\0(\S+?)\0/.exec(bench.boots()[0]?.args.join('\0') ?? '')?.[1]
    const archive = join(bench.bin, 'calls', `${domain}.payload.tar`)
    expect(execFileSync('tar', ['-xOf', archive, 'etc/cvm-sample/greeting.conf']).toString()).toBe(
      '# Written by 97-sample.\ngreeting=good day\n',
    )
    const names = [...bench.calls(`${domain}.user-data`).matchAll(/filename="(.*97-sample.*)"/g)].map(
      ([, name]) => name,
    )
    expect(names.map((name) => name?.replace(/\d{3}-/, ''))).toEqual([
      'config-97-sample-97-sample.yaml',
      '97-sample-97-sample.sh',
      '97-sample-guest_run.sh',
      'post-97-sample-guest_run.sh',
    ])
    expect(await readFile(join(bench.plugins, 'pre-stage/97-sample/files/etc/cvm-sample/greeting.conf'), 'utf8')).toBe(
      before,
    )
  })

  it('D27: is read the same under a name with cloud-init in it', async () => {
    await using bench = await aBench()
    await plantSample(bench, '50-cloud-init-x')

    const { plugins, problems } = await readPlugins({ dirs: dirsOf(bench), skip: [], only: [], environment: {} })

    expect(problems).toEqual([])
    expect(plugins.find(({ name }) => name === '50-cloud-init-x')).toMatchObject({
      cloudConfigs: [{ path: 'cloud-init/cloud-config/97-sample.yaml' }],
      shellScripts: [{ path: 'cloud-init/x-shellscript/97-sample.sh' }],
      guestRun: { path: 'guest_run.sh' },
    })
  })

  it('has every key that a plugin.yaml can have, and the comments hold when they are none', async () => {
    await using bench = await aBench()
    await plantSample(bench)
    const dir = join(bench.plugins, 'pre-stage/97-sample')
    const text = (await readFile(join(dir, 'plugin.yaml'), 'utf8')).replaceAll(/^#\./gm, '')
    await writeFile(join(dir, 'plugin.yaml'), text)
    await writeFile(join(dir, 'ima-policy'), 'measure func=MODULE_CHECK\nappraise func=MODULE_CHECK fowner=0\n')
    await mkdir(join(dir, 'packages'))

    const { plugins, problems } = await readPlugins({ dirs: dirsOf(bench), skip: [], only: [], environment: {} })

    expect(problems).toEqual([])
    expect(plugins.find(({ name }) => name === '97-sample')?.skipped).toBe('CVM_SAMPLE_LEVEL not given')
    const keys = keysOf(z.toJSONSchema(manifestSchema))
    expect(keys.size).toBeGreaterThan(30)
    expect([...keys].filter((key) => !new RegExp(`[ {]?\\b${key}:`).test(text))).toEqual([])
  })
})

/** Copies the sample without its NOT_RUN; gives the text of its greeting. */
async function plantSample(bench: Bench, name = '97-sample'): Promise<string> {
  const dir = join(bench.plugins, 'pre-stage', name)
  await cp(SAMPLE, dir, { recursive: true })
  await rm(join(dir, 'NOT_RUN'))
  return await readFile(join(dir, 'files/etc/cvm-sample/greeting.conf'), 'utf8')
}

function dirsOf({ plugins }: Bench) {
  return { preStage: join(plugins, 'pre-stage'), postStage: join(plugins, 'post-stage') }
}

/** All names of properties in a JSON schema. */
function keysOf(schema: unknown): ReadonlySet<string> {
  if (typeof schema !== 'object' || schema === null) return new Set()
  return new Set(
    Object.entries(schema).flatMap(([key, value]) => [
      ...(key === 'properties' ? Object.keys(value as object) : []),
      ...keysOf(value),
    ]),
  )
}
