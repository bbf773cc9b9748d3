import { describe, expect, it } from 'vitest'
import { readPlugins } from '../../../src/plugins/read-plugins.js'
import { type PluginTrees, plantPlugins } from './plugin-trees.js'

const HOST_SCRIPT = '#!/bin/sh\nexit 0\n'

describe('what plugin.yaml files want of the initrd', () => {
  it('is matched with what each plugin ships itself: files, links and directories, dot files and empty ones too', async () => {
    await using trees = await plantPlugins({
      'pre-stage/20-a/plugin.yaml': "initrd: { files: ['etc/**'] }\n",
      'pre-stage/20-a/files/etc/keys/.hidden': 'x',
      'pre-stage/20-a/files/etc/empty/': '',
      'pre-stage/20-a/files/etc/link': { to: 'keys/.hidden' },
      'pre-stage/20-a/files/usr/other': 'x',
      'pre-stage/30-b/files/etc/of-another': 'x',
    })

    const { problems, initrd } = await read(trees)

    expect(problems).toEqual([])
    expect(initrd?.files).toEqual(
      ['/etc', '/etc/empty', '/etc/keys', '/etc/keys/.hidden', '/etc/link'].map((word) => ({
        word,
        plugins: ['20-a'],
      })),
    )
  })

  it('of several plugins comes together, each word once, with all who asked and a note', async () => {
    await using trees = await plantPlugins({
      'pre-stage/20-a/plugin.yaml': 'initrd: { modules: [tdx_guest, sev-guest], load: [vsock], files: [/etc/hosts] }\n',
      'pre-stage/30-b/plugin.yaml': 'initrd: { modules: [tdx-guest], binaries: [/usr/bin/lsblk] }\n',
    })

    const { problems, notes, initrd } = await read(trees)

    expect(problems).toEqual([])
    expect(initrd).toEqual({
      files: [],
      guestFiles: [{ word: '/etc/hosts', plugins: ['20-a'] }],
      modules: [
        { word: 'tdx_guest', plugins: ['20-a', '30-b'] },
        { word: 'sev_guest', plugins: ['20-a'] },
      ],
      load: [{ word: 'vsock', plugins: ['20-a'] }],
      binaries: [{ word: '/usr/bin/lsblk', plugins: ['30-b'] }],
    })
    expect(notes).toEqual(['20-a, 30-b: all ask for tdx_guest in the initrd; it is done once'])
  })

  it('is nothing when nobody wants anything', async () => {
    await using trees = await plantPlugins({
      'pre-stage/20-a/plugin.yaml': "initrd: { files: ['**'] }\n",
      'pre-stage/30-b/plugin.yaml': 'initrd: { modules: [] }\n',
    })

    expect(await read(trees)).toEqual({ problems: [], notes: [], initrd: undefined })
  })
})

describe('a pattern that matches nothing', () => {
  it.each([
    ['without a sign', 'etc/key', {}, true],
    ['without a sign, in a plugin with other files', 'etc/key', { 'pre-stage/20-a/files/etc/other': 'x' }, true],
    ['with a sign, in a plugin with other files', 'etc/keys/*', { 'pre-stage/20-a/files/etc/other': 'x' }, true],
    ['with a sign, in a plugin without files', 'etc/keys/*', {}, false],
    ['with a sign, in a plugin with an empty files/', 'etc/keys/*', { 'pre-stage/20-a/files/': '' }, false],
    [
      'with a sign, in a plugin with a host_run.sh',
      'etc/keys/*',
      { 'pre-stage/20-a/files/etc/other': 'x', 'pre-stage/20-a/host_run.sh': HOST_SCRIPT },
      false,
    ],
    [
      'without a sign, in a plugin with a host_run.sh of the post-stage',
      'etc/key',
      { 'pre-stage/20-a/post-stage/host_run.sh': HOST_SCRIPT },
      true,
    ],
  ])('%s', async (_, pattern, files, isProblem) => {
    await using trees = await plantPlugins({
      'pre-stage/20-a/plugin.yaml': `initrd:\n  files:\n    - ${pattern}\n`,
      ...files,
    })

    const { problems, notes } = await read(trees)

    const where = `${trees.preStage}/20-a/plugin.yaml:3:7`
    const what = `initrd.files: nothing in files/ is ${pattern}; a path of the guest's own files begins with "/"`
    expect(problems).toEqual(isProblem ? [{ code: 'PLUGIN_INVALID', where, what }] : [])
    expect(notes).toEqual([])
  })

  it('is a problem for a plugin of the post-stage, whose host_run.sh runs when all is done', async () => {
    await using trees = await plantPlugins({
      'post-stage/20-a/plugin.yaml': 'initrd: { files: [etc/key] }\n',
      'post-stage/20-a/host_run.sh': HOST_SCRIPT,
    })

    const { problems } = await read(trees)

    expect(problems.map(({ where }) => where)).toEqual([`${trees.postStage}/20-a/plugin.yaml:1:19`])
  })

  it('is only noted as long as host_run.sh may still make it, and is a problem afterwards', async () => {
    await using trees = await plantPlugins({
      'pre-stage/20-a/plugin.yaml': 'initrd: { files: [etc/key] }\n',
      'pre-stage/20-a/host_run.sh': HOST_SCRIPT,
    })

    const before = await read(trees)
    const after = await read(trees, { hostScriptsRan: true })

    const where = `${trees.preStage}/20-a/plugin.yaml:1:19`
    expect(before.problems).toEqual([])
    expect(before.notes).toEqual([
      `${where}: initrd.files: nothing in files/ is etc/key yet; host_run.sh has to make it`,
    ])
    expect(after.problems.map((problem) => problem.where)).toEqual([where])
  })
})

describe('a name in files/ that no list of an initrd can hold', () => {
  it.each([
    ['a line break', 'two\nlines', 'two\\x0alines'],
    ['a tab', 'two\tcolumns', 'two\\x09columns'],
  ])('is refused: %s', async (_, name, shown) => {
    await using trees = await plantPlugins({
      'pre-stage/20-a/plugin.yaml': "initrd: { files: ['etc/*'] }\n",
      [`pre-stage/20-a/files/etc/${name}`]: 'x',
    })

    const { problems } = await read(trees)

    expect(problems).toEqual([
      {
        code: 'PLUGIN_INVALID',
        where: `${trees.preStage}/20-a/files/etc/${shown}`,
        what: 'has a line break or a tab in its name, which no list for an initrd can hold; rename it',
      },
    ])
  })

  it('is taken when no pattern matches it', async () => {
    await using trees = await plantPlugins({
      'pre-stage/20-a/plugin.yaml': 'initrd: { files: [etc/key] }\n',
      'pre-stage/20-a/files/etc/key': 'x',
      'pre-stage/20-a/files/etc/two\nlines': 'x',
    })

    expect((await read(trees)).problems).toEqual([])
  })
})

it('warns of a directory that gets into the initrd without what is in it', async () => {
  await using trees = await plantPlugins({
    'pre-stage/20-a/plugin.yaml': 'initrd: { files: [etc/keys, etc/none, etc/both, etc/both/a] }\n',
    'pre-stage/20-a/files/etc/keys/a': 'x',
    'pre-stage/20-a/files/etc/none/': '',
    'pre-stage/20-a/files/etc/both/a': 'x',
  })

  const { notes } = await read(trees)

  expect(notes).toEqual([
    '20-a: initrd.files: etc/keys is a directory, and gets into the initrd empty; etc/keys/** is all that is in it',
  ])
})

it('refuses a pattern that would look through the whole guest', async () => {
  await using trees = await plantPlugins({
    'pre-stage/20-a/plugin.yaml': 'initrd: { files: [/etc/hosts, /**/key] }\n',
  })

  const { problems } = await read(trees)

  expect(problems).toEqual([
    {
      code: 'PLUGIN_INVALID',
      where: `${trees.preStage}/20-a/plugin.yaml:1:31`,
      what: 'initrd.files: a pattern of files of the guest has to begin with the name of a directory, such as /etc/',
    },
  ])
})

describe('options in the words', () => {
  const yaml =
    'options: { A_KEY: { type: string }, A_MODULE: { type: string } }\ninitrd: { files: [etc/keys/$A_KEY], modules: [$A_MODULE] }\n'

  it('are filled in before anything is matched', async () => {
    await using trees = await plantPlugins({
      'pre-stage/20-a/plugin.yaml': yaml,
      'pre-stage/20-a/files/etc/keys/my.pem': 'x',
    })

    const { problems, initrd } = await read(trees, { environment: { A_KEY: '*.pem', A_MODULE: 'dm-mod' } })

    expect(problems).toEqual([])
    expect(initrd?.files.map(({ word }) => word)).toEqual(['/etc/keys/my.pem'])
    expect(initrd?.modules.map(({ word }) => word)).toEqual(['dm_mod'])
  })

  it('may bring only what could stand in the file, and the value is not repeated', async () => {
    await using trees = await plantPlugins({ 'pre-stage/20-a/plugin.yaml': yaml })

    const { problems } = await read(trees, { environment: { A_KEY: '../../x', A_MODULE: 'x;y' } })

    expect(problems.map(({ where, what }) => `${where} ${what}`)).toEqual([
      'A_KEY makes a word that is no pattern of files: no "..", quotes, backslashes or control characters (an option of 20-a)',
      'A_MODULE makes a word that is no name of a kernel module (an option of 20-a)',
    ])
  })

  it('that are not given leave nothing to do, which is said', async () => {
    await using trees = await plantPlugins({ 'pre-stage/20-a/plugin.yaml': yaml })

    const { problems, notes, initrd } = await read(trees)

    expect({ problems, initrd }).toEqual({ problems: [], initrd: undefined })
    expect(notes).toEqual(['20-a: A_KEY, A_MODULE not given: nothing to do for the initrd'])
  })
})

async function read(
  { preStage, postStage }: PluginTrees,
  given: { readonly environment?: Readonly<Record<string, string>>; readonly hostScriptsRan?: boolean } = {},
) {
  const input = { dirs: { preStage, postStage }, skip: [], only: [], environment: {}, ...given }
  const { problems, notes, wishes } = await readPlugins(input)
  return { problems, notes, initrd: wishes.initrd }
}
