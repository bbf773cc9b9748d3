import { execFileSync } from 'node:child_process'
import { chmod, mkdir, readdir, rename, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { showRiskyMode } from '../../../src/plugins/payload-tree.js'
import { readPlugins } from '../../../src/plugins/read-plugins.js'
import { MERGE_HOW, type PluginTrees, plantPlugins } from './plugin-trees.js'

function read(trees: PluginTrees, options: { skip?: string[]; only?: string[] } = {}) {
  const { skip = [], only = [] } = options
  return readPlugins({ dirs: { preStage: trees.preStage, postStage: trees.postStage }, skip, only, environment: {} })
}

/** Problems as lines, with paths relative to the root. */
async function problemsOf(trees: PluginTrees): Promise<string[]> {
  const { problems } = await read(trees)
  return problems.map(({ code, where, what }) => `${code} ${where.replace(`${trees.root}/`, '')} ${what}`)
}

describe('readPlugins', () => {
  it('reads a whole plugin', async () => {
    await using trees = await plantPlugins({
      'pre-stage/03-netplan/README.md': '# 03-netplan\n\nDHCP on every wired interface.\n',
      'pre-stage/03-netplan/files/etc/netplan/netplan.yaml': 'network: {}\n',
      'pre-stage/03-netplan/host_run.sh': '#!/bin/sh -e\n',
      'pre-stage/03-netplan/guest_run.sh': '#!/not/on/this/machine\n',
      'pre-stage/03-netplan/post-stage/host_run.sh': '#!/usr/bin/env sh\n',
      'pre-stage/03-netplan/cloud-init/cloud-config/10-b.yaml': `#cloud-config\n${MERGE_HOW}runcmd: [echo b]\n`,
      'pre-stage/03-netplan/cloud-init/cloud-config/09-a.yaml': `#cloud-config\n${MERGE_HOW}runcmd: [echo a]\n`,
      'pre-stage/03-netplan/cloud-init/x-shellscript/01-x.sh': '#!/bin/sh\n',
      'post-stage/10-seal/guest_run.sh': '#!/bin/sh\n',
    })

    const { plugins, problems, notes, payload } = await read(trees)

    expect({ problems, notes }).toEqual({ problems: [], notes: [] })
    expect(plugins).toEqual([
      {
        name: '03-netplan',
        number: 3,
        stage: 'pre-stage',
        dir: join(trees.preStage, '03-netplan'),
        summary: 'DHCP on every wired interface.',
        hostRun: { path: 'host_run.sh', interpreter: ['/bin/sh', '-e'], sizeBytes: 13 },
        guestRun: { path: 'guest_run.sh', interpreter: ['/not/on/this/machine'], sizeBytes: 23 },
        postHostRun: { path: 'post-stage/host_run.sh', interpreter: ['/usr/bin/env', 'sh'], sizeBytes: 18 },
        cloudConfigs: [
          expect.objectContaining({ path: 'cloud-init/cloud-config/09-a.yaml', runcmd: ['echo a'] }),
          expect.objectContaining({ path: 'cloud-init/cloud-config/10-b.yaml', runcmd: ['echo b'] }),
        ],
        shellScripts: [{ path: 'cloud-init/x-shellscript/01-x.sh', sizeBytes: 10 }],
        hasFiles: true,
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
        warnings: [],
      },
      expect.objectContaining({ name: '10-seal', stage: 'post-stage', hasFiles: false }),
    ])
    expect(payload).toMatchObject({ apparentBytes: 12, riskyModes: [] })
    expect(payload.entries.map(({ path }) => path.toString())).toEqual([
      'etc',
      'etc/netplan',
      'etc/netplan/netplan.yaml',
    ])
  })

  it('says of a clean_up.sh that it is not run (D30, D31)', async () => {
    await using trees = await plantPlugins({
      'pre-stage/01-a/clean_up.sh': '#!/bin/sh\nrm -rf files\n',
      'pre-stage/02-b/post-stage/clean_up.sh': '#!/bin/sh\nrm -rf ../files\n',
    })

    const { notes } = await read(trees)

    expect(notes).toEqual([
      `${trees.preStage}/01-a/clean_up.sh: is not run: host scripts work in a private copy`,
      `${trees.preStage}/02-b/post-stage/clean_up.sh: is not run: host scripts work in a private copy`,
    ])
  })

  it('reads the other layout of the original, and refuses a script that is there twice', async () => {
    await using trees = await plantPlugins({
      'pre-stage/01-a/pre-stage/host_run.sh': '#!/bin/sh\n',
      'pre-stage/02-b/pre-stage/host_run.sh': '#!/bin/sh\n',
      'pre-stage/02-b/host_run.sh': '#!/bin/sh\n',
    })

    const { plugins } = await read(trees)

    expect(plugins[0]?.hostRun?.path).toBe('pre-stage/host_run.sh')
    expect(await problemsOf(trees)).toEqual([expect.stringContaining('02-b/pre-stage/host_run.sh is there twice')])
  })

  it.each([
    ['a file', { 'pre-stage/01-a/NOT_RUN': '' }],
    ['a directory', { 'pre-stage/01-a/NOT_RUN/': '' }],
    ['a link that leads nowhere', { 'pre-stage/01-a/NOT_RUN': { to: 'nowhere' } }],
    ['a file in a folder of the plugin', { 'pre-stage/01-a/pre-stage/NOT_RUN': '' }],
  ])('lists a plugin with NOT_RUN as %s, and checks nothing in it', async (_, marker) => {
    await using trees = await plantPlugins({
      ...marker,
      'pre-stage/01-a/host_run.sh': 'no shebang',
      'pre-stage/01-a/cloud-init/cloud-config/x.yaml': 'broken: [',
      'pre-stage/01-a/files/a': 'a',
    })

    const { plugins, problems, payload } = await read(trees)

    expect(problems).toEqual([])
    expect(plugins).toEqual([expect.objectContaining({ skipped: 'NOT_RUN', cloudConfigs: [], hasFiles: false })])
    expect(payload.entries).toEqual([])
  })

  it('does not take files/NOT_RUN for a mark', async () => {
    await using trees = await plantPlugins({ 'pre-stage/01-a/files/NOT_RUN': '' })

    expect((await read(trees)).plugins[0]?.skipped).toBeUndefined()
  })

  it('does not check what --skip and --only leave out', async () => {
    await using trees = await plantPlugins({
      'pre-stage/01-a/host_run.sh': 'no shebang',
      'pre-stage/02-b/host_run.sh': '#!/bin/sh\n',
      'post-stage/10-seal/guest_run.sh': '#!/bin/sh\n',
    })

    expect((await read(trees, { skip: ['a'] })).problems).toEqual([])
    const { plugins, problems } = await read(trees, { only: ['02-b'] })
    expect(problems).toEqual([])
    expect(plugins.map(({ name, skipped }) => [name, skipped])).toEqual([
      ['01-a', '--only'],
      ['02-b', undefined],
      ['10-seal', undefined],
    ])
  })

  it('tells all problems of all plugins at once', async () => {
    await using trees = await plantPlugins({
      'pre-stage/5-x/': '',
      'pre-stage/100-x/': '',
      'pre-stage/Upper/': '',
      'pre-stage/05-dot./': '',
      'pre-stage/README.md': 'ignored',
      'pre-stage/.git/HEAD': 'ignored',
      'pre-stage/01-a/host_run.sh': 'echo\n',
      'pre-stage/01-a/guest_run.sh': '#!/bin/sh\r\n',
      'pre-stage/02-b/host_run.sh': '#!/no/such/program\n',
      'pre-stage/03-c/host_run.sh': '#!/usr/bin/env no-such-program\n',
      'pre-stage/04-d/cloud-init/cloud-config/noprefix.yaml': `#cloud-config\n${MERGE_HOW}`,
      'pre-stage/04-d/cloud-init/x-shellscript/01-a.txt': '#!/bin/sh\n',
      'pre-stage/06-e/files': 'not a directory',
      'pre-stage/07-f/files/etc/ima/ima-policy': '# comment\nmeasure func=BPRM_CHEK\n',
      'pre-stage/08-g/cloud-init/cloud-config/01-a.yaml/': '',
    })

    expect(await problemsOf(trees)).toEqual([
      expect.stringContaining('PLUGIN_INVALID pre-stage/05-dot. the name ends with a dot'),
      expect.stringContaining('PLUGIN_INVALID pre-stage/100-x the number has more than two digits'),
      expect.stringContaining('PLUGIN_INVALID pre-stage/5-x the number has one digit: rename it to 05-x'),
      expect.stringContaining('PLUGIN_INVALID pre-stage/Upper the name has no number'),
      'PLUGIN_INVALID pre-stage/01-a/host_run.sh has no "#!" line; add "#!/bin/sh" as first line',
      expect.stringContaining('PLUGIN_INVALID pre-stage/01-a/guest_run.sh line 1 ends with CR'),
      'PLUGIN_INVALID pre-stage/02-b/host_run.sh its interpreter /no/such/program is not on this machine',
      'PLUGIN_INVALID pre-stage/03-c/host_run.sh its interpreter no-such-program is not on this machine',
      expect.stringContaining('USER_DATA_INVALID pre-stage/04-d/cloud-init/cloud-config/noprefix.yaml must be named'),
      expect.stringContaining('USER_DATA_INVALID pre-stage/04-d/cloud-init/x-shellscript/01-a.txt must be named'),
      'PLUGIN_INVALID pre-stage/06-e/files must be a directory',
      'IMA_POLICY_INVALID pre-stage/07-f/files/etc/ima/ima-policy:2 unknown func "BPRM_CHEK"; did you mean BPRM_CHECK?',
      expect.stringContaining('USER_DATA_INVALID pre-stage/08-g/cloud-init/cloud-config/01-a.yaml cannot be read'),
    ])
  })

  it('takes empty plugins and empty files/ for what they are, and keeps dot files', async () => {
    await using trees = await plantPlugins({
      'pre-stage/01-a/': '',
      'pre-stage/02-b/files/': '',
      'pre-stage/03-c/files/.hidden': 'x',
    })

    const { plugins, problems, payload } = await read(trees)

    expect(problems).toEqual([])
    expect(plugins.map(({ hasFiles }) => hasFiles)).toEqual([false, true, true])
    expect(payload.entries.map(({ path }) => path.toString())).toEqual(['.hidden'])
  })

  it('notes shared numbers, near misses, left-overs of editors and useless --only, and goes on', async () => {
    await using trees = await plantPlugins({
      'pre-stage/01-b/hostrun.sh': '',
      'pre-stage/01-a/cloud-init/cloud-config/99-x.yaml~': 'junk',
      'pre-stage/01-a/cloud-init/cloud-config/.01-x.yaml.swp': 'junk',
      'pre-stage/01-a/file_list': '/etc\n',
      'pre-stage/01-a/cloud-init/x-shelscript/': '',
      'pre-stage/02-c/NOT_RUN': '',
    })

    const { notes, problems } = await read(trees, { only: ['01', '02-c'] })

    expect(problems).toEqual([])
    const expected = [
      /01-b: has the same number as 01-a/,
      /02-c: has NOT_RUN/,
      /x-shelscript: is not used/,
      /\.01-x\.yaml\.swp: ignored/,
      /99-x\.yaml~: ignored/,
      /hostrun\.sh: is not used; did you mean host_run\.sh/,
    ]
    expect(notes).toHaveLength(expected.length)
    for (const pattern of expected) expect(notes.join('\n')).toMatch(pattern)
  })

  it('says that a stage directory is missing', async () => {
    const { problems } = await readPlugins({
      dirs: { preStage: '/does/not/exist' },
      skip: [],
      only: [],
      environment: {},
    })

    expect(problems).toEqual([
      { code: 'PLUGIN_INVALID', where: '/does/not/exist', what: expect.stringContaining('does not exist') },
    ])
  })

  it('finds user-data that is too large in sum', async () => {
    const part = `#!/bin/sh\n${'#'.repeat(1024 * 1024 - 20)}\n`
    const entries = Array.from({ length: 13 }, (_, i) => [
      `pre-stage/01-a/cloud-init/x-shellscript/${10 + i}-x.sh`,
      part,
    ])
    await using trees = await plantPlugins(Object.fromEntries(entries))

    expect(await problemsOf(trees)).toEqual([expect.stringContaining('USER_DATA_TOO_LARGE')])
  })

  it('changes nothing in the plugins', async () => {
    await using trees = await plantPlugins({
      'pre-stage/01-a/host_run.sh': '#!/bin/sh\ntouch ran\n',
      'pre-stage/01-a/files/a': 'a',
    })
    const before = execFileSync('find', [trees.root, '-printf', '%p %m %T@\n']).toString()

    await read(trees)

    expect(execFileSync('find', [trees.root, '-printf', '%p %m %T@\n']).toString()).toBe(before)
  })

  it('gives a digest that changes with names, modes, links and contents, and with nothing else', async () => {
    await using trees = await plantPlugins({ 'pre-stage/01-a/files/a': 'a', 'pre-stage/01-a/files/l': { to: 'a' } })
    const file = join(trees.preStage, '01-a/files/a')
    const digest = async () => (await read(trees)).plugins[0]?.digest
    const seen = [await digest()]

    expect(await digest()).toBe(seen[0])
    await writeFile(file, 'b')
    seen.push(await digest())
    await chmod(file, 0o755)
    seen.push(await digest())
    await rename(file, `${file}2`)
    seen.push(await digest())

    expect(new Set(seen).size).toBe(4)
  })

  it('keeps any set of names in one order, whatever the order on disk and the locale', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .uniqueArray(fc.stringMatching(/^[0-9]{2}-[a-z0-9][a-z0-9._-]{0,5}[a-z0-9]$/), { maxLength: 12 })
          .chain((names) => fc.tuple(fc.constant(names), fc.shuffledSubarray(names, { minLength: names.length }))),
        async ([names, shuffled]) => {
          await using trees = await plantPlugins({})
          for (const name of shuffled) await mkdir(join(trees.preStage, name))

          const { plugins, problems } = await read(trees)

          expect(problems).toEqual([])
          expect(plugins.map(({ name }) => name)).toEqual(
            [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
          )
        },
      ),
      { numRuns: 30 },
    )
  })
})

describe('the payload of all plugins', () => {
  it('keeps names of any bytes', async () => {
    await using trees = await plantPlugins({
      'pre-stage/01-a/files/ leading -"\'\n$(x)': 'x',
      [`pre-stage/01-a/files/${'n'.repeat(255)}`]: 'x',
      'pre-stage/01-a/files/CASE': 'x',
      'pre-stage/01-a/files/case': 'x',
    })
    const dir = Buffer.from(join(trees.preStage, '01-a/files/'))
    await writeFile(Buffer.concat([dir, Buffer.from([0xff, 0x0a, 0x41])]), 'y')

    const { payload, problems, plugins } = await read(trees)

    expect(problems).toEqual([])
    const onDisk = await readdir(dir, { encoding: 'buffer' })
    expect(payload.entries.map(({ path }) => path)).toEqual(onDisk.sort(Buffer.compare))
    expect(plugins[0]?.digest).toMatch(/^[0-9a-f]{64}$/)
  })

  it('refuses what cannot both hold, and notes what is replaced', async () => {
    await using trees = await plantPlugins({
      'pre-stage/01-a/files/usr': { to: '/elsewhere' },
      'pre-stage/01-a/files/etc/motd': 'one',
      'pre-stage/01-a/files/opt/x': 'file',
      'pre-stage/02-b/files/usr/evil': 'x',
      'pre-stage/02-b/files/etc/motd': 'two',
      'pre-stage/02-b/files/opt/x/y': 'below',
    })

    const { notes } = await read(trees)

    expect(await problemsOf(trees)).toEqual([
      expect.stringMatching(
        /PAYLOAD_CONFLICT pre-stage\/02-b\/files\/opt\/x is a directory, but .*01-a\/files\/opt\/x is a file/,
      ),
      expect.stringMatching(
        /PAYLOAD_CONFLICT pre-stage\/02-b\/files\/usr is a directory, but .*01-a\/files\/usr is a symbolic link/,
      ),
    ])
    expect(notes.join('\n')).toMatch(/02-b\/files\/etc\/motd: replaces .*01-a\/files\/etc\/motd/)
  })

  it('never follows links, and notes where they lead', async () => {
    await using trees = await plantPlugins({
      'pre-stage/01-a/files/abs': { to: '/' },
      'pre-stage/01-a/files/up': { to: '../../../../../..' },
      'pre-stage/01-a/files/broken': { to: 'nowhere' },
      'pre-stage/01-a/files/good': { to: 'real' },
      'pre-stage/01-a/files/real': 'x',
    })

    const { payload, notes, problems } = await read(trees)

    expect(problems).toEqual([])
    expect(payload.entries).toHaveLength(5)
    expect(notes).toEqual([expect.stringMatching(/\/abs -> \/, \/broken -> nowhere, \/up -> /)])
    expect(notes[0]).not.toContain('/good')
  })

  it('refuses pipes without opening them', async () => {
    await using trees = await plantPlugins({ 'pre-stage/01-a/files/': '', 'pre-stage/02-b/': '' })
    execFileSync('mkfifo', [join(trees.preStage, '01-a/files/pipe'), join(trees.preStage, '02-b/host_run.sh')])

    expect(await problemsOf(trees)).toEqual([
      expect.stringContaining('02-b/host_run.sh cannot be read: it is not a regular file'),
      expect.stringContaining('01-a/files/pipe is a device, pipe or socket'),
    ])
  })

  it('lists all unreadable files', async () => {
    await using trees = await plantPlugins({
      'pre-stage/01-a/files/secret': 'x',
      'pre-stage/01-a/files/open': 'x',
      'pre-stage/02-b/files/dir/x': 'x',
      'pre-stage/03-c/host_run.sh': '#!/bin/sh\n',
    })
    for (const dir of [trees.root, trees.preStage]) await chmod(dir, 0o755)
    for (const path of ['01-a/files/secret', '02-b/files/dir', '03-c/host_run.sh'])
      await chmod(join(trees.preStage, path), 0)

    const problems = await asSomebody(() => problemsOf(trees))

    expect(problems).toEqual([
      'PLUGIN_INVALID pre-stage/03-c/host_run.sh cannot be read: permission denied',
      'PLUGIN_INVALID pre-stage/01-a/files/secret cannot be read: permission denied',
      'PLUGIN_INVALID pre-stage/02-b/files/dir cannot be read: permission denied',
    ])
  })

  it('lists setuid, setgid and world-writable entries, sums bytes, and counts sparse files by what they take', async () => {
    await using trees = await plantPlugins({
      'pre-stage/01-a/files/su': 'x',
      'pre-stage/01-a/files/ww': 'x',
      'pre-stage/01-a/files/tmp/': '',
      'pre-stage/01-a/files/big': '',
    })
    const files = join(trees.preStage, '01-a/files')
    await chmod(join(files, 'su'), 0o6755)
    await chmod(join(files, 'ww'), 0o666)
    await chmod(join(files, 'tmp'), 0o1777)
    await truncate(join(files, 'big'), 1024 ** 3)

    const { payload } = await read(trees, { skip: [] })

    expect(payload.riskyModes.map(showRiskyMode)).toEqual([
      '/su: setuid, setgid (6755, 01-a)',
      '/ww: world-writable (0666, 01-a)',
    ])
    expect(payload.apparentBytes).toBe(1024 ** 3 + 2)
    expect(payload.allocatedBytes).toBeLessThan(1024 ** 2)
  })
})

/** Root can read everything, so as root the work is done under another effective user. */
async function asSomebody<T>(work: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return work()
  process.seteuid?.(65_534)
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
  }
}
