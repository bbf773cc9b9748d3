import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readPlugins } from '../../../src/plugins/read-plugins.js'
import { type PluginTrees, plantPlugins } from './plugin-trees.js'

async function read(trees: PluginTrees, environment: Readonly<Record<string, string>> = {}) {
  const dirs = { preStage: trees.preStage, postStage: trees.postStage }
  return await readPlugins({ dirs, skip: [], only: [], environment })
}

async function problemsOf(trees: PluginTrees, environment: Readonly<Record<string, string>> = {}) {
  const { problems } = await read(trees, environment)
  return problems.map(({ where, what }) => `${where.replace(`${trees.root}/`, '')} ${what}`)
}

describe('plugin.yaml among the plugins of a run', () => {
  it('gives options their values, and what they say to the plan', async () => {
    await using trees = await plantPlugins({
      'pre-stage/10-a/plugin.yaml':
        'options: { WORDS: { type: list }, LEVEL: { type: integer, default: 4 } }\ngrub: { cmdline: { add: [$WORDS, loglevel=$LEVEL] } }\n',
      'post-stage/60-b/plugin.yaml': 'grub: { timeout: 0 }\n',
    })

    const { plugins, options, variables, wishes, problems, notes, runNotes } = await read(trees, {
      WORDS: 'a=1 b',
      X: 'y',
    })

    expect({ problems, notes, runNotes }).toEqual({ problems: [], notes: [], runNotes: [] })
    expect(plugins.map(({ manifest }) => manifest?.options.length)).toEqual([2, 0])
    expect(variables).toEqual({ WORDS: 'a=1 b', LEVEL: '4' })
    expect(options.map(({ name, from }) => `${name} ${from}`)).toEqual(['WORDS environment', 'LEVEL default'])
    expect(wishes).toEqual({
      grub: {
        add: ['a=1', 'b', 'loglevel=4'].map((word) => ({ word, plugins: ['10-a'] })),
        remove: [],
        modules: [],
        timeout: { word: '0', plugins: ['60-b'] },
      },
    })
  })

  it('leaves out a plugin that requires an option without a value, with all that it brings, and says so', async () => {
    await using trees = await plantPlugins({
      'pre-stage/10-a/plugin.yaml':
        'options: { ONE: { type: string }, TWO: { type: string }, THREE: { type: string } }\nrequires: { options: [ONE, TWO] }\ngrub: { timeout: 1 }\n',
      'pre-stage/10-a/files/etc/a': 'a',
      'pre-stage/10-a/guest_run.sh': '#!/bin/sh\n',
    })

    const without = await read(trees, { TWO: '' })
    const half = await read(trees, { TWO: 'x' })
    const both = await read(trees, { ONE: 'x', TWO: 'x' })

    expect(without.plugins[0]?.skipped).toBe('ONE, TWO not given')
    expect(without.payload.entries).toEqual([])
    expect(without.wishes).toEqual({})
    expect(half.plugins[0]?.skipped).toBe('ONE not given')
    expect(both.plugins[0]?.skipped).toBeUndefined()
    expect(both.payload.entries).toHaveLength(2)
    expect(both.wishes.grub?.timeout?.word).toBe('1')
  })

  it('checks a plugin that is left out for want of an option all the same', async () => {
    await using trees = await plantPlugins({
      'pre-stage/10-a/plugin.yaml': 'options: { ONE: { type: string } }\nrequires: { options: [ONE] }\n',
      'pre-stage/10-a/guest_run.sh': 'no first line',
    })

    expect(await problemsOf(trees)).toEqual([expect.stringContaining('pre-stage/10-a/guest_run.sh')])
  })

  it('tells the problems of all plugins at once, with values, order and contradictions', async () => {
    await using trees = await plantPlugins({
      'pre-stage/10-a/plugin.yaml': 'grubb: {}\nima: x\n',
      'pre-stage/20-b/plugin.yaml':
        'options: { LEVEL: { type: integer, secret: true } }\nrequires: { after: [30-c] }\ngrub: { cmdline: { add: [a=1] } }\n',
      'pre-stage/30-c/plugin.yaml': 'grub: { cmdline: { add: [a=2] } }\n',
    })

    expect(await problemsOf(trees, { LEVEL: 'geheim' })).toEqual([
      'pre-stage/10-a/plugin.yaml:1:1 "grubb" is no key here; did you mean grub?',
      'pre-stage/10-a/plugin.yaml:2:6 ima: must be a mapping (key: value)',
      'LEVEL is not a whole number (an option of 20-b)',
      'pre-stage/20-b/plugin.yaml has to come after 30-c, and comes before it; the order is that of the numbers in their names',
      'pre-stage/30-c/plugin.yaml 20-b wants a=1, 30-c wants a=2, of which only the last would count',
    ])
  })

  it('may take a path that is there, and none that is not', async () => {
    await using trees = await plantPlugins({
      'pre-stage/10-a/plugin.yaml': 'options: { DEBS: { type: path } }\n',
      'debs/x.deb': '',
    })
    const there = join(trees.root, 'debs')

    expect((await read(trees, { DEBS: there })).variables).toEqual({ DEBS: there })
    expect(await problemsOf(trees, { DEBS: 'debs' })).toEqual(['DEBS is not an absolute path (an option of 10-a)'])
    expect(await problemsOf(trees, { DEBS: `${there}/no` })).toEqual([
      'DEBS names nothing that is there (an option of 10-a)',
    ])
  })

  it('that is no file is told', async () => {
    await using trees = await plantPlugins({ 'pre-stage/10-a/plugin.yaml/': '' })

    expect(await problemsOf(trees)).toEqual(['pre-stage/10-a/plugin.yaml cannot be read: it is not a regular file'])
  })

  it('describes the plugin where no README does', async () => {
    await using trees = await plantPlugins({
      'pre-stage/10-a/plugin.yaml': 'description: From the yaml.\n',
      'pre-stage/20-b/plugin.yaml': 'description: From the yaml.\n',
      'pre-stage/20-b/README.md': '# 20-b\n\nFrom the README.\n',
    })

    expect((await read(trees)).plugins.map(({ summary }) => summary)).toEqual(['From the yaml.', 'From the README.'])
  })

  it('is not read in a plugin that does not take part', async () => {
    await using trees = await plantPlugins({ 'pre-stage/10-a/plugin.yaml': 'nonsense', 'pre-stage/10-a/NOT_RUN': '' })

    expect(await problemsOf(trees)).toEqual([])
  })

  it('tells that a plugin does nothing for want of values, when one of several would do', async () => {
    await using trees = await plantPlugins({
      'pre-stage/10-a/plugin.yaml':
        'options: { ADD: { type: list }, GONE: { type: list } }\ngrub: { cmdline: { add: [$ADD], remove: [$GONE] } }\n',
    })

    expect((await read(trees)).runNotes).toEqual(['10-a: ADD, GONE not given: nothing to do for the boot loader'])
    expect((await read(trees, { GONE: 'quiet' })).runNotes).toEqual([])
  })
})
