import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCloudConfig } from '../../../src/plugins/cloud-config.js'

const MERGE = 'merge_how: [{name: list, settings: [append]}, {name: dict, settings: [no_replace, recurse_list]}]\n'

function read(text: string | Uint8Array) {
  return readCloudConfig(typeof text === 'string' ? Buffer.from(text) : text, 'p/01-a.yaml')
}

function shown(text: string | Uint8Array): string[] {
  return read(text).problems.map(({ where, what }) => `${where}: ${what}`)
}

describe('readCloudConfig', () => {
  it('takes a sound part without a word', () => {
    expect(read(`#cloud-config\n${MERGE}runcmd:\n  - echo hello\n`)).toMatchObject({
      problems: [],
      notes: [],
      isJinja: false,
      runcmd: ['echo hello'],
    })
  })

  it('takes Windows line ends, as cloud-init does', () => {
    expect(shown(`#cloud-config\n${MERGE}a: b\n`.replaceAll('\n', '\r\n'))).toEqual([])
  })

  it.each([
    ['\uFEFF#cloud-config\n', 'p/01-a.yaml:1: starts with a byte order mark'],
    ['#Cloud-config\n', 'p/01-a.yaml:1: write "#cloud-config" in lower case'],
    [' #cloud-config\n', 'p/01-a.yaml:1: write'],
    ['\n#cloud-config\n', 'p/01-a.yaml:1: the first line is empty'],
    ['#cloud-config-archive\n', 'p/01-a.yaml:1: the first line must be'],
    ['a: b\n', 'p/01-a.yaml:1: the first line must be'],
    ['## template: jinja\na: b\n', 'p/01-a.yaml:2: after'],
  ])('refuses the header of %j', (header, words) => {
    expect(shown(header + MERGE)).toEqual([expect.stringContaining(words)])
  })

  it('allows a jinja template, with a note, since its YAML cannot be read before it is filled in', () => {
    const reading = read(`## template: jinja\n#cloud-config\n${MERGE}{% if a %}\nb: {{ c }}\n{% endif %}\n`)

    expect(reading).toMatchObject({ problems: [], isJinja: true, notes: [expect.stringContaining('jinja')] })
  })

  it.each([
    ['power_state: null', 'p/01-a.yaml:4: has power_state'],
    ['"power_state": {mode: reboot}', 'p/01-a.yaml:4: has power_state'],
    ['runcmd: notalist', 'p/01-a.yaml:4: "runcmd" must be a list'],
    ['runcmd: [{a: b}]', 'p/01-a.yaml:4: item 1 of "runcmd"'],
    ['cloud_final_modules: []', 'p/01-a.yaml:4: has cloud_final_modules'],
  ])('names the line of %s', (line, words) => {
    expect(shown(`#cloud-config\n${MERGE}# why\n${line}\n`)).toEqual([expect.stringContaining(words)])
  })

  it.each(['[]', 'null', '[final_message]', '[[scripts-vendor, always]]'])(
    'refuses cloud_final_modules: %s, with which the run could not end',
    (modules) => {
      expect(shown(`#cloud-config\n${MERGE}cloud_final_modules: ${modules}\n`)).toEqual([
        expect.stringContaining('without scripts_user'),
      ])
    },
  )

  it('takes cloud_final_modules that still run scripts, with a note', () => {
    const reading = read(`#cloud-config\n${MERGE}cloud_final_modules: [[scripts-user, always], final_message]\n`)

    expect(reading).toMatchObject({ problems: [], notes: [expect.stringContaining('cloud_final_modules')] })
  })

  it('asks a jinja template for merge_how and for no power_state too', () => {
    expect(shown('## template: jinja\n#cloud-config\n# merge_how: x\na: b\n')).toEqual([
      expect.stringContaining('no merge_how'),
    ])
    for (const key of ['power_state', '"power_state"', "'power_state' "]) {
      expect(shown(`## template: jinja\n#cloud-config\n${MERGE}${key}: {mode: reboot}\n`)).toEqual([
        expect.stringContaining('power_state'),
      ])
    }
  })

  it('gives line and column of broken YAML and of tabs', () => {
    expect(shown(`#cloud-config\n${MERGE}a: [1\nb: 2\n`)).toEqual([expect.stringMatching(/^p\/01-a\.yaml:\d+:\d+: /)])
    expect(shown(`#cloud-config\n${MERGE}a:\n\tb: 1\n`)).toEqual([expect.stringMatching(/^p\/01-a\.yaml:4:1: tab/)])
  })

  it('refuses duplicate keys and says that cloud-init would not', () => {
    expect(shown(`#cloud-config\n${MERGE}a: 1\na: 2\n`)).toEqual([
      'p/01-a.yaml:4:1: duplicated mapping key (cloud-init would silently keep the last one)',
    ])
  })

  it.each([
    ['missing', 'a: b\n'],
    ['only in a comment', '# merge_how: x\na: b\n'],
    ['only nested', 'a:\n  merge_how: x\n'],
    ['only in a text', 'a: "merge_how: x"\n'],
    ['empty', 'merge_how:\na: b\n'],
  ])('refuses a part whose merge_how is %s, with a line to paste', (_, text) => {
    const problems = shown(`#cloud-config\n${text}`)

    expect(problems).toEqual([expect.stringContaining(MERGE.trim())])
  })

  it('takes the line to paste that its own message offers', () => {
    const pasted = /merge_how: \[.*$/.exec(shown('#cloud-config\na: b\n')[0] ?? '')?.[0] ?? ''

    expect(shown(`#cloud-config\n${pasted}\na: b\n`)).toEqual([])
  })

  it.each([
    'merge_how: list(append)+dict(recurse_list)\n',
    'merge_type: Dict(no_replace, recurse_array) + List(append)\n',
    'merge_how: [[list, append], [dict, recurse_list]]\n',
  ])('takes %j as well', (merge) => {
    expect(shown(`#cloud-config\n${merge}a: b\n`)).toEqual([])
  })

  it.each([
    ['[list]', 'cannot read'],
    ['append', 'cannot read'],
    ['list,dict()', 'cannot read'],
    ['lists(append)+dict(recurse_list)', '"lists"; cloud-init knows list, dict, str'],
    ['[{name: List, settings: [append]}]', '"List"'],
    ['list(append)', 'without "dict", with which cloud-init drops the whole part'],
    ['[{name: list, settings: [append]}]', 'without "dict"'],
  ])('refuses merge_how: %s, with which cloud-init would leave the part out', (value, words) => {
    expect(shown(`#cloud-config\nmerge_how: ${value}\na: b\n`)).toEqual([expect.stringContaining(words)])
  })

  it.each([
    ['dict(no_replace)+list(append)', '"runcmd" is dropped where an earlier part has'],
    ['dict(recurse_list)', '"runcmd" is dropped where'],
    ['dict(replace)+list(append)', '"runcmd" replaces lists'],
    ['[{name: dict, settings: [recurse_list]}, {name: list, settings: [appendd]}]', '"runcmd" is not joined'],
  ])('says what becomes of its lists with merge_how: %s', (value, words) => {
    const { problems, notes } = read(`#cloud-config\nmerge_how: ${value}\nruncmd: [a]\n`)

    expect(problems).toEqual([])
    expect(notes).toEqual([expect.stringContaining(words)])
  })

  it.each(['', '# only a comment\n', '\n\n'])('refuses a part that is empty but for %j', (text) => {
    expect(shown(`#cloud-config\n${text}`)).toEqual([expect.stringContaining('empty')])
  })

  it.each(['- a\n', 'text\n', '42\n'])('refuses a top level that is no mapping: %j', (text) => {
    expect(shown(`#cloud-config\n${text}`)).toEqual([expect.stringContaining('not a mapping')])
  })

  it.each(['power_state: {mode: reboot}\n', 'power_state:\n'])('refuses %j: the rewriter ends the run', (text) => {
    expect(shown(`#cloud-config\n${MERGE}${text}`)).toEqual([
      expect.stringContaining('the rewriter ends the run itself'),
    ])
  })

  it('refuses lists that are none, and runcmd lines that YAML took for mappings', () => {
    expect(shown(`#cloud-config\n${MERGE}runcmd: notalist\n`)).toEqual([
      expect.stringContaining('"runcmd" must be a list'),
    ])
    expect(shown(`#cloud-config\n${MERGE}runcmd:\n  - echo hello\n  - echo a: b\n`)).toEqual([
      expect.stringContaining('item 2 of "runcmd"'),
    ])
  })

  it('names the offset of the first byte that is not UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from(`#cloud-config\n`), Buffer.from([0xe4])])

    expect(shown(bytes)).toEqual([expect.stringContaining('0xe4 at offset 14')])
    expect(shown(Buffer.from('\uFEFF#cloud-config\n', 'utf16le'))).toEqual([expect.stringContaining('UTF-16')])
  })

  it('refuses characters that PyYAML refuses, with their place', () => {
    expect(shown(`#cloud-config\n${MERGE}a: x\u0007\n`)).toEqual([
      'p/01-a.yaml:3:5: the character U+0007 is not allowed in YAML',
    ])
  })

  it('refuses more than 1 MiB', () => {
    expect(shown(`#cloud-config\n${'#'.repeat(1024 * 1024)}\n`)).toEqual([expect.stringContaining('1 MiB')])
  })

  it('notes passwords and password logins', () => {
    const { problems, notes } = read(`#cloud-config\n${MERGE}password: x\nchpasswd: {expire: false}\nssh_pwauth: yes\n`)

    expect(problems).toEqual([])
    expect(notes).toHaveLength(3)
    expect(notes.join()).toContain('p/01-a.yaml')
  })

  it('does not note ssh_pwauth when it is off', () => {
    expect(read(`#cloud-config\n${MERGE}ssh_pwauth: no\n`).notes).toEqual([])
  })

  it('notes numbers that YAML 1.1 reads otherwise than they look', () => {
    const { notes } = read(
      `#cloud-config\n${MERGE}write_files:\n  - {path: /a, permissions: 0644}\n  - {path: /b, permissions: "0644"}\n`,
    )

    expect(notes).toEqual([expect.stringContaining('write_files[0].permissions is 420 to cloud-init')])
  })

  it.each(['a:\tb\n', 'a:\n  - \tb\n', 'a: b\t\n'])(
    'notes the tab of %j, over which cloud-init would stumble',
    (text) => {
      expect(read(`#cloud-config\n${MERGE}${text}`).notes).toEqual([expect.stringMatching(/line \d has a tab/)])
    },
  )

  it('says nothing of tabs inside a text', () => {
    expect(read(`#cloud-config\n${MERGE}a: |\n  x\ty\n  \tz\n`).notes).toEqual([])
  })

  it('keeps a key y a key y, as PyYAML does', () => {
    expect(read(`#cloud-config\n${MERGE}y: 1\n`).config?.get('y')).toBe(1)
  })

  it('gives the runcmd lines as cloud-init writes them', () => {
    const { runcmd } = read(
      `#cloud-config\n${MERGE}runcmd:\n  - [sh, -c, "echo it's"]\n  - |\n    one\n    two\n  - [chmod, 0644, yes]\n`,
    )

    expect(runcmd).toEqual([`'sh' '-c' 'echo it'\\''s'`, 'one', 'two', `'chmod' '420' 'True'`])
  })

  it('answers for any bytes with problems, never by throwing', () => {
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.string({ unit: 'binary', maxLength: 200 }).map((text) => Buffer.from(`#cloud-config\n${text}`)),
      fc
        .array(
          fc.constantFrom(
            'a',
            ':',
            ' ',
            '\n',
            '-',
            '[',
            '{',
            '}',
            ']',
            '&a',
            '*a',
            '<<',
            '!!set',
            '"',
            "'",
            '|',
            '?',
            '%',
            '\t',
            ',',
          ),
          { maxLength: 40 },
        )
        .map((words) => Buffer.from(`#cloud-config\n${MERGE}${words.join('')}`)),
    )
    fc.assert(
      fc.property(hostile, (bytes) => {
        const reading = read(bytes)

        expect(Array.isArray(reading.problems)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    ['nested deeply', `a: ${'['.repeat(200_000)}`],
    ['an anchor that contains itself', 'runcmd: &a [*a, [*a]]\n'],
    [
      'aliases that multiply',
      `a0: &a0 [x]\n${Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]\n`).join('')}`,
    ],
    ['prototype keys', '__proto__: {a: 1}\nconstructor: 1\n'],
  ])('stands %s', (_, text) => {
    expect(Array.isArray(read(`#cloud-config\n${MERGE}${text}`).problems)).toBe(true)
  })
})
