import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { rewriteCommand } from '../../../src/cli/rewrite-command.js'
import { manifestSchema } from '../../../src/plugins/manifest/manifest-schema.js'
import { readPlugins } from '../../../src/plugins/read-plugins.js'
import { lintPlugins } from '../../../src/stages/lint-plugins.js'
import { makePlugin, PLUGIN_KINDS, type PluginKind } from '../../../src/stages/new-plugin.js'
import { sourceDirs } from '../../../src/stages/sources.js'
import { type PluginTrees, plantPlugins } from '../plugins/plugin-trees.js'
import { runCli } from './run-cli.js'

const hasShellcheck = spawnSync('shellcheck', ['--version']).status === 0
let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cvm-new-'))
})
afterEach(async () => await rm(dir, { recursive: true, force: true }))

async function made(...args: readonly string[]) {
  return await runCli(dir, ['plugin', 'new', ...args])
}

describe.each(PLUGIN_KINDS)('plugin new --kind %s', (kind) => {
  it.each(['20-hello', '07-9p.x_y'])('makes a plugin %s with which plugin lint finds nothing wrong', async (name) => {
    await makePlugin(name, kind, dir, undefined)

    const { findings, checked } = await lintPlugins(sourceDirs(dir, undefined))

    expect(findings.filter(({ code }) => hasShellcheck || code !== 'SHELLCHECK_MISSING')).toEqual([])
    // With the three shipped plugins of the post-stage.
    expect(checked).toBe(4)
  })

  it('makes one that a run takes, with a sentence, and no word of the template left in it', async () => {
    await makePlugin('20-hello', kind, dir, undefined)
    const dirs = { preStage: join(dir, 'pre-stage') }

    const reading = await readPlugins({ dirs, skip: [], only: [], environment: {} })

    expect({ problems: reading.problems, notes: reading.notes }).toEqual({ problems: [], notes: [] })
    const [plugin] = reading.plugins
    expect(plugin?.summary).toMatch(/[.)]$/)
    expect(plugin?.skipped).toBeUndefined()
    const paths = readdirSync(join(dir, 'pre-stage'), { recursive: true, encoding: 'utf8' })
    const files = paths.map((path) => join(dir, 'pre-stage', path)).filter((path) => statSync(path).isFile())
    expect(files.length).toBeGreaterThan(1)
    for (const path of files) expect(path + readFileSync(path, 'utf8')).not.toMatch(/__[A-Z]+__/)
  })
})

describe('plugin new', () => {
  it('declares in plugin.yaml what its kind is for, and tells editors the schema', async () => {
    const expected = { grub: 'grub', initrd: 'initrd', ima: 'ima', rootfs: 'rootfs', script: 'options' } as const
    for (const [kind, key] of Object.entries(expected)) {
      await makePlugin(`20-${kind}`, kind as PluginKind, dir, undefined)
      const text = readFileSync(join(dir, 'pre-stage', `20-${kind}`, 'plugin.yaml'), 'utf8')

      expect(text).toMatch(/^# yaml-language-server: \$schema=\/\S+\/docs\/plugin\.schema\.json\n/)
      expect(text).toMatch(new RegExp(`^${key}:$`, 'm'))
      expect(Object.keys(manifestSchema.shape)).toContain(key)
    }
  })

  it('says what was made and what to type next, a script that can be run among it', async () => {
    const { stdout } = await made('20-hello')

    expect(stdout).toBe(
      [
        'made pre-stage/20-hello/',
        '  README.md',
        '  guest_run.sh',
        '  plugin.yaml',
        `note ${dir}/pre-stage is new: runs here take its plugins and no longer the shipped ones (cvm-rewrite init copies those)`,
        '',
        'next: cvm-rewrite plugin lint',
        '      cvm-rewrite plugin test 20-hello',
        '      cvm-rewrite -i guest.qcow2 --only 20-hello',
        '',
      ].join('\n'),
    )
    expect(statSync(join(dir, 'pre-stage/20-hello/guest_run.sh')).mode & 0o777).toBe(0o755)
    expect(readdirSync(join(dir, 'pre-stage'))).toEqual(['20-hello'])
  })

  it('makes a script that works: it writes the file with the value of its option', async () => {
    await made('20-hello')
    const script = join(dir, 'pre-stage/20-hello/guest_run.sh')
    writeFileSync(script, readFileSync(script, 'utf8').replaceAll('/etc/opt', `${dir}/opt`))
    writeFileSync(join(dir, 'cvm-note'), '#!/bin/sh\necho "note: $*"\n', { mode: 0o755 })
    const env = { PATH: `${dir}:${process.env['PATH']}`, HELLO_COLOUR: 'blue' }
    const run = spawnSync(script, [], { env })

    expect({ status: run.status, stderr: run.stderr.toString() }).toEqual({ status: 0, stderr: '' })
    expect(readFileSync(join(dir, 'opt/hello/settings.conf'), 'utf8')).toBe('colour=blue\n')
    expect(run.stdout.toString()).toMatch(/^note: .* blue\n$/)
  })

  it('chooses a free number, and says so', async () => {
    await made('20-first')
    const { code, stdout } = await made('hello')

    expect(code).toBe(0)
    expect(stdout).toContain('made pre-stage/30-hello/\n')
    expect(stdout).toContain('note the number 30 was free; rename the directory to move it\n')
  })

  it('notes that another plugin has the number', async () => {
    await made('20-first')

    expect((await made('20-hello')).stdout).toContain('note 20-first has the same number; the order is by full name')
  })

  it('overwrites nothing, not even an empty directory', async () => {
    await made('20-hello', '--kind', 'files')
    const before = readFileSync(join(dir, 'pre-stage/20-hello/README.md'), 'utf8')
    const { code, stderr } = await made('20-hello')

    expect(code).toBe(2)
    expect(stderr).toMatch(/^error\[USAGE\] 20-hello is already in .*\n {2}next: /)
    expect(readFileSync(join(dir, 'pre-stage/20-hello/README.md'), 'utf8')).toBe(before)
    expect(existsSync(join(dir, 'pre-stage/20-hello/guest_run.sh'))).toBe(false)
  })

  it('refuses a name that is none, with the nearest right one, and makes nothing', async () => {
    const { code, stderr } = await made('3-Hello')

    expect(code).toBe(2)
    expect(stderr).toMatch(/why: .*the number has one digit.*\n {2}next: .*cvm-rewrite plugin new 03-hello\n/)
    expect(readdirSync(dir)).toEqual([])
  })

  it('puts it where a run would take it from, also with --plugins', async () => {
    await using trees: PluginTrees = await plantPlugins({ 'plugins/10-x/files/': '' })
    await rm(trees.preStage, { recursive: true })
    const { stdout } = await made('hello', '--plugins', trees.root)

    expect(readdirSync(join(trees.root, 'plugins'))).toEqual(['10-x', '20-hello'])
    expect(stdout).toContain(`plugin lint ${trees.root}\n`)
    expect(stdout).toContain(`plugin test 20-hello --plugins ${trees.root}\n`)
  })

  it.each([
    [{ 'pre-stage/10-x/files/': '', 'plugins/10-y/files/': '' }, '', 'has both pre-stage/ and plugins/'],
    [{ 'pre-stage/10-x/files/': '' }, 'pre-stage', 'holds plugins itself'],
  ])('refuses a place where it would not be found: %j %s', async (entries, below, words) => {
    await using trees = await plantPlugins(entries)
    const { code, stderr } = await made('hello', '--plugins', join(trees.root, below))

    expect(code).toBe(2)
    expect(stderr).toContain(words)
  })

  it('offers the kinds for which there are templates', () => {
    const command = rewriteCommand(() => {}).commands.find((each) => each.name() === 'plugin')
    const kind = command?.commands.find((each) => each.name() === 'new')?.options.find(({ long }) => long === '--kind')

    expect(kind?.argChoices).toEqual([...PLUGIN_KINDS])
    expect(readdirSync(new URL('../../../src/plugins/templates', import.meta.url)).sort()).toEqual(
      [...PLUGIN_KINDS].sort(),
    )
  })
})
