import { describe, expect, it } from 'vitest'
import { plantPlugins } from '../plugins/plugin-trees.js'
import { aBench } from './rewrite-bench.js'
import { runCli } from './run-cli.js'

const OPTIONS = `options:
  COLOUR: { type: enum, values: [red, blue], default: red }
  WORDS: { type: list }
  ACCESS: { type: string, secret: true }
  LEFT: { type: path }
`
const SECRET = 'geheim-4711'

describe('cvm-rewrite -i … with a plugin.yaml', () => {
  it.concurrent('prints with --dry-run each option with its value and where it is from, and what is wanted of the guest', async () => {
    await using bench = await aBench()
    await bench.plugin(
      'pre-stage/20-yaml/plugin.yaml',
      `${OPTIONS}grub: { cmdline: { add: [colour=$COLOUR, $WORDS] } }\n`,
    )

    const { code, stdout, stderr } = await bench.run(['--dry-run'], { WORDS: 'a\nb', ACCESS: SECRET })

    expect(code, stderr).toBe(0)
    const plan = JSON.parse(stdout)
    expect(plan.options).toEqual([
      { name: 'COLOUR', plugins: ['20-yaml'], from: 'default', value: 'red' },
      { name: 'WORDS', plugins: ['20-yaml'], from: 'environment', value: 'a\nb' },
      { name: 'ACCESS', plugins: ['20-yaml'], from: 'environment', value: '(secret)' },
      { name: 'LEFT', plugins: ['20-yaml'], from: 'not given' },
    ])
    expect(plan.variables).toMatchObject({ COLOUR: 'red', WORDS: 'a\nb', ACCESS: '(secret)' })
    expect(plan.wishes.grub.add.map(({ word }: { word: string }) => word)).toEqual(['colour=red', 'a', 'b'])
    expect(stdout + stderr).not.toContain(SECRET)
  })

  it.concurrent('gives options to host scripts and to the guest, a secret too, and shows the secret nowhere', async () => {
    await using bench = await aBench()
    await bench.plugin('pre-stage/20-yaml/plugin.yaml', `${OPTIONS}grub: { timeout: 0 }\nrequires: { guest: [sh] }\n`)
    await bench.plugin(
      'pre-stage/20-yaml/host_run.sh',
      `#!/bin/sh\n[ "$ACCESS" = ${SECRET} ] && echo "$COLOUR \${LEFT-none}"\n`,
    )

    const { code, stdout, stderr } = await bench.run(['--json', '-v'], { ACCESS: SECRET, COLOUR: 'blue' })

    expect(code, stderr).toBe(0)
    expect(stderr).toContain('20-yaml: blue none\n')
    expect(stdout + stderr).not.toContain(SECRET)
    expect(bench.calls('virt-install')).not.toContain(SECRET)
    const domain = JSON.parse(bench.calls('virt-install').split('\n')[0] ?? '').args
    const name = domain[domain.indexOf('--name') + 1]
    expect(bench.calls(`${name}.cvm.run.env`)).toContain(`export ACCESS='${SECRET}'\n`)
    expect(bench.calls(`${name}.cvm.run.env`)).toContain("export COLOUR='blue'\n")
  })

  it.concurrent('names every program that plugins require and this machine has not, with exit 3', async () => {
    await using bench = await aBench()
    await bench.plugin('pre-stage/20-a/plugin.yaml', 'requires: { host: [sh, no-such-a, no-such-b] }\n')
    await bench.plugin('pre-stage/30-b/plugin.yaml', 'requires: { host: [no-such-b] }\n')
    await bench.plugin('pre-stage/40-c/plugin.yaml', 'requires: { host: [no-such-c] }\n')

    const { code, stderr } = await bench.run(['--skip', '40-c'])

    expect(code).toBe(3)
    expect(stderr).toContain(
      'error[TOOL_MISSING] not installed: no-such-a, which 20-a requires; no-such-b, which 20-a requires; no-such-b, which 30-b requires\n',
    )
    expect(stderr).toContain('next: Install it, or leave the plugin out with --skip.')
    expect(bench.boots()).toEqual([])
  })

  it.concurrent('tells with the plan that a plugin is left out for want of an option, and reports it', async () => {
    await using bench = await aBench()
    await bench.plugin('pre-stage/20-yaml/plugin.yaml', `${OPTIONS}requires: { options: [WORDS, LEFT] }\n`)
    await bench.plugin('pre-stage/20-yaml/host_run.sh', '#!/bin/sh\nexit 9\n')

    const { code, stdout, stderr } = await bench.run(['--json'], { WORDS: 'x' })

    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/20-yaml.*LEFT not given/)
    expect(JSON.parse(stdout).plugins).toContainEqual(
      expect.objectContaining({ name: '20-yaml', state: 'skipped', why: 'LEFT not given' }),
    )
  })

  it.concurrent.each([
    ['a wrong value', { ACCESS: `${SECRET}\nx` }, 'ACCESS', 'has a control character'],
    ['a value that is in no list', { COLOUR: 'green; rm -rf ~' }, 'COLOUR', 'is not one of red, blue'],
  ])('refuses %s with exit 5, and does not repeat it', async (_, env, where, what) => {
    await using bench = await aBench()
    await bench.plugin('pre-stage/20-yaml/plugin.yaml', OPTIONS)

    const { code, stdout, stderr } = await bench.run([], env)

    expect(code).toBe(5)
    expect(stderr).toContain(`error[PLUGIN_INVALID] ${where}\n`)
    expect(stderr).toContain(what)
    for (const value of Object.values(env)) expect(stdout + stderr).not.toContain(value.slice(0, 8))
  })
})

describe('a variable that has a form of its own without any plugin.yaml', () => {
  it.concurrent('is told once when it is wrong, and not repeated, where an option declares it', async () => {
    await using bench = await aBench()
    await bench.plugin('pre-stage/20-yaml/plugin.yaml', 'options: { GUEST_SIZE: { type: size } }\n')

    const { code, stderr } = await bench.run([], { GUEST_SIZE: '50G; rm -rf ~' })

    expect(code).toBe(5)
    expect(stderr).toContain('error[PLUGIN_INVALID] GUEST_SIZE\n  why:  is not a whole number with K, M, G or T')
    expect(stderr).not.toContain('rm -rf')
  })
})

describe('plugin list', () => {
  it('shows under each plugin its options with type, value and where it is from', async () => {
    await using trees = await plantPlugins({
      'pre-stage/10-a/README.md': '# 10-a\n\nDoes a.\n',
      'pre-stage/10-a/plugin.yaml': OPTIONS,
      'pre-stage/20-longer/plugin.yaml':
        'description: Does b.\noptions: { KEYS: { type: list, of: ssh-key } }\nrequires: { options: [KEYS] }\n',
    })

    const { code, stdout, stderr } = await runCli(trees.root, ['plugin', 'list'], {
      WORDS: 'a\nb',
      ACCESS: SECRET,
    })

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.slice(0, stdout.indexOf('\npost-stage'))).toBe(
      [
        `pre-stage (${trees.preStage})`,
        '  10-a       Does a.',
        '      COLOUR  enum: red, blue  red (default)',
        '      WORDS   list of string   a, b (environment)',
        '      ACCESS  string           (secret) (environment)',
        '      LEFT    path             not given',
        '  20-longer  skipped: KEYS not given',
        '      KEYS  list of ssh-key  not given',
        '',
      ].join('\n'),
    )
  })

  it('has the same as JSON', async () => {
    await using trees = await plantPlugins({ 'pre-stage/10-a/plugin.yaml': OPTIONS })

    const { stdout } = await runCli(trees.root, ['plugin', 'list', '--json'], { ACCESS: SECRET })

    expect(stdout).not.toContain(SECRET)
    expect(JSON.parse(stdout).plugins[0].options).toEqual([
      {
        name: 'COLOUR',
        type: 'enum',
        values: ['red', 'blue'],
        default: 'red',
        secret: false,
        from: 'default',
        value: 'red',
      },
      { name: 'WORDS', type: 'list', secret: false, from: 'not given', value: null },
      { name: 'ACCESS', type: 'string', secret: true, from: 'environment', value: '(secret)' },
      { name: 'LEFT', type: 'path', secret: false, from: 'not given', value: null },
    ])
  })

  it('still lists all when a value is wrong, and exits with 5', async () => {
    await using trees = await plantPlugins({ 'pre-stage/10-a/plugin.yaml': OPTIONS })

    const { code, stdout, stderr } = await runCli(trees.root, ['plugin', 'list'], { COLOUR: 'green' })

    expect(code).toBe(5)
    expect(stdout).toContain('COLOUR  enum: red, blue  no value\n')
    expect(stderr).toContain('is not one of red, blue (an option of 10-a)')
  })
})

describe('plugin lint of a plugin.yaml', () => {
  const plant = () =>
    plantPlugins({
      'pre-stage/10-a/README.md': '# 10-a\n\nDoes a.\n',
      'pre-stage/10-a/plugin.yaml': 'grub:\n  cmdlin: {}\n',
      'pre-stage/20-b/README.md': '# 20-b\n\nDoes b.\n',
      'pre-stage/20-b/plugin.yaml': 'grub: { timeout: 1 }\n',
      'pre-stage/30-c/README.md': '# 30-c\n\nDoes c.\n',
      'pre-stage/30-c/plugin.yaml': 'grub: { timeout: 2 }\n',
      'pre-stage/40-d/plugin.yaml': 'options: { A: { type: list } }\nrequires: { options: [A] }\n',
    })

  it('has code, place and a sentence as text', async () => {
    await using trees = await plant()

    const { code, stdout } = await runCli(trees.root, ['plugin', 'lint'])

    expect(code).toBe(5)
    expect(stdout).toContain(
      'pre-stage/10-a/plugin.yaml:2:3: problem[PLUGIN_INVALID] grub: "cmdlin" is no key here; did you mean cmdline?\n  hint: ',
    )
    expect(stdout).toContain(
      'pre-stage/30-c/plugin.yaml: problem[PLUGIN_INVALID] 20-b wants the menu to wait 1, 30-c wants the menu to wait 2 seconds\n',
    )
    expect(stdout).toContain('pre-stage/40-d: warning[NO_README] has no README.md\n')
    expect(stdout).not.toContain('NOT_RUN')
    expect(stdout).toMatch(/[1-9] plugins checked: /)
  })

  it('has the same as JSON', async () => {
    await using trees = await plant()

    const { stdout } = await runCli(trees.root, ['plugin', 'lint', '--format', 'json'])

    expect(JSON.parse(stdout).findings).toContainEqual({
      severity: 'problem',
      code: 'PLUGIN_INVALID',
      plugin: '10-a',
      file: 'pre-stage/10-a/plugin.yaml',
      line: 2,
      column: 3,
      text: 'grub: "cmdlin" is no key here; did you mean cmdline?',
      hint: expect.any(String),
    })
  })

  it('has the same for GitHub', async () => {
    await using trees = await plant()

    const { stdout } = await runCli(trees.root, ['plugin', 'lint', '--format', 'github'])

    expect(stdout).toMatch(
      /^::error file=pre-stage\/10-a\/plugin\.yaml,line=2,col=3,title=PLUGIN_INVALID::grub: "cmdlin" is no key here; did you mean cmdline\?%0A/m,
    )
  })
})
