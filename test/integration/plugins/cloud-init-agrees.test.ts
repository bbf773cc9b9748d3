import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readCloudConfig } from '../../../src/plugins/cloud-config.js'
import { readYaml } from '../../../src/plugins/yaml-like-cloud-init.js'
import { MERGE_HOW } from './plugin-trees.js'

const PYTHON = '/usr/bin/python3'
const ORACLE = new URL('../../fixtures/plugins/ask-cloud-init.py', import.meta.url).pathname
const canAsk = existsSync(PYTHON) && spawnSync(PYTHON, ['-c', 'import cloudinit']).status === 0

interface Answer {
  readonly type: string | null
  readonly config?: Record<string, unknown>
  readonly mergers?: number
  readonly merged?: Record<string, unknown>
  readonly runcmd?: string
  readonly error?: string
}

function ask(parts: readonly (string | Uint8Array)[]): Answer[] {
  const input = JSON.stringify(parts.map((part) => Buffer.from(part as string).toString('base64')))
  return JSON.parse(execFileSync(PYTHON, [ORACLE], { input, encoding: 'utf8' })) as Answer[]
}

function problems(part: string | Uint8Array): number {
  return readCloudConfig(Buffer.from(part as string), 'x').problems.length
}

async function cloudInitRefuses(args: (file: string) => string[], part: string | Uint8Array): Promise<boolean> {
  const dir = await mkdtemp(join(tmpdir(), 'cvm-oracle-'))
  try {
    const file = join(dir, '01-x.yaml')
    await writeFile(file, part)
    return spawnSync('cloud-init', args(file), { env: { ...process.env, LC_ALL: 'C.UTF-8' } }).status !== 0
  } finally {
    await rm(dir, { recursive: true })
  }
}

describe.skipIf(!canAsk)('cloud-init itself (skipped where it is not installed)', () => {
  it.each([
    ['a byte order mark', `\uFEFF#cloud-config\n${MERGE_HOW}`],
    ['upper case', `#Cloud-config\n${MERGE_HOW}`],
    ['a blank line before', `\n#cloud-config\n${MERGE_HOW}`],
    ['runcmd that is no list', `#cloud-config\n${MERGE_HOW}runcmd: notalist\n`],
    ['broken YAML', `#cloud-config\n${MERGE_HOW}a: [1\n`],
  ])('refuses a part with %s in its schema check, as we do', async (_, part) => {
    expect(problems(part)).toBeGreaterThan(0)
    expect(await cloudInitRefuses((file) => ['schema', '-c', file], part)).toBe(true)
  })

  it('takes the part that we take, Windows line ends included', async () => {
    const part = `#cloud-config\n${MERGE_HOW}runcmd:\n  - echo a\n`
    for (const text of [part, part.replaceAll('\n', '\r\n')]) {
      expect(problems(text)).toBe(0)
      expect(await cloudInitRefuses((file) => ['schema', '-c', file], text)).toBe(false)
    }
  })

  it('cannot pack a part that is not UTF-8, which we refuse', async () => {
    const part = Buffer.concat([Buffer.from(`#cloud-config\n${MERGE_HOW}a: `), Buffer.from([0xe4, 0x0a])])

    expect(problems(part)).toBe(1)
    expect(await cloudInitRefuses((file) => ['devel', 'make-mime', '-a', `${file}:cloud-config`], part)).toBe(true)
    expect(
      await cloudInitRefuses((file) => ['devel', 'make-mime', '-a', `${file}:cloud-config`], `#cloud-config\n`),
    ).toBe(false)
  })

  it('cannot merge any of these parts, and we refuse each of them', () => {
    const parts = [
      '#cloud-config\n',
      '#cloud-config\n# only a comment\n',
      `#cloud-config\n${MERGE_HOW}a:\n\tb: 1\n`,
      `#cloud-config\n${MERGE_HOW}a: x\u0007\n`,
      `#cloud-config\n${MERGE_HOW}a: *missing\n`,
      '#cloud-config\nmerge_how: 5\n',
      '#cloud-config\nmerge_how: [{name: list}]\n',
    ]

    const answers = ask(parts)

    for (const [index, part] of parts.entries()) {
      expect([part, answers[index]?.error === undefined]).toEqual([part, false])
      expect([part, problems(part)]).toEqual([part, 1])
    }
  })

  it('silently keeps the last of two equal keys, where we refuse', () => {
    const part = `#cloud-config\n${MERGE_HOW}a: 1\na: 2\n`

    expect(ask([part])[0]?.config).toEqual({ a: 2 })
    expect(problems(part)).toBe(1)
  })

  it('reads the same values as we do', () => {
    const texts = [
      'a: yes\nb: off\nc: y\nd: "yes"\n',
      'a: 0644\nb: 1:30\nc: 0x1f\nd: 1_000\ne: 1e3\nf: .5\n',
      'a: ~\nb: null\nc:\nd: ""\n',
      'y: 1\non: 2\n',
      'base: &b {x: 1, z: 2}\nuse: {<<: *b, z: 3}\n',
      'a: |\n  line one\n  line two\nb: >-\n  folded\n  text\n',
      'a: "\\x41\\u00e4"\n',
    ]

    const answers = ask(texts)

    for (const [index, text] of texts.entries()) {
      const reading = readYaml(text)
      expect([text, 'value' in reading ? reading.value : reading]).toEqual([text, answers[index]?.config])
    }
  })

  it('writes the runcmd script of which we know the lines', () => {
    const part = `#cloud-config\n${MERGE_HOW}runcmd:\n  - echo one\n  - [sh, -c, "echo it's"]\n  - [chmod, 0644, /a b]\n  - |\n    two\n      three\n`

    const [answer] = ask([part])

    const lines = (answer?.runcmd ?? '').split('\n').map((line) => line.trim())
    expect(readCloudConfig(Buffer.from(part), 'x').runcmd).toEqual(lines.filter((line) => line !== ''))
  })

  it('merges a part with any of these merge_how, whose lists we say nothing about', () => {
    const parts = mergedBy([
      'dict(recurse_list)+list(append)',
      'Dict(no_replace, recurse_array) + List(prepend)',
      '[[list, append], [dict, no_replace, recurse_list]]',
      '[{name: m_list, settings: [append]}, {name: dict, settings: [recurse_list]}]',
    ])

    for (const [index, { merged }] of ask(parts).entries()) {
      expect(readCloudConfig(Buffer.from(parts[index] ?? ''), 'x')).toMatchObject({ problems: [], notes: [] })
      expect(merged).toMatchObject({ x: 1, runcmd: expect.arrayContaining(['earlier', 'own']) })
    }
  })

  it('leaves a part out, or breaks off, with each merge_how that we refuse', () => {
    const parts = mergedBy([
      'append',
      'list,dict()',
      'list(append)',
      'lists(append)+dict(recurse_list)',
      '[{name: list, settings: [append]}]',
      '[{name: List, settings: [append]}, {name: dict, settings: [recurse_list]}]',
    ])

    for (const [index, { merged }] of ask(parts).entries()) {
      expect([parts[index], problems(parts[index] ?? '')]).toEqual([parts[index], 1])
      expect(merged ?? {}).not.toHaveProperty('x')
    }
  })

  it('loses lists with each merge_how of which we say so', () => {
    const parts = mergedBy([
      'dict(no_replace)+list(append)',
      'dict(recurse_list)',
      'dict(replace)+list(append)',
      '[{name: dict, settings: [recurse_list]}, {name: list, settings: [appendd]}]',
    ])

    for (const [index, { merged }] of ask(parts).entries()) {
      expect(readCloudConfig(Buffer.from(parts[index] ?? ''), 'x').notes).toHaveLength(1)
      expect(merged?.['x']).toBe(1)
      expect(merged?.['runcmd']).toHaveLength(1)
    }
  })

  it('finds two mergers in the line that our message offers to paste', () => {
    expect(ask([`#cloud-config\n${MERGE_HOW}`])[0]?.mergers).toBe(2)
  })
})

function mergedBy(mergeHow: readonly string[]): string[] {
  return mergeHow.map((value) => `#cloud-config\nmerge_how: ${value}\nx: 1\nruncmd: [own]\n`)
}
