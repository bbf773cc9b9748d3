import fc from 'fast-check'
import { dump } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import { manifestFrom } from '../../../../src/plugins/manifest/read-manifest.js'
import type { Findings } from '../../../../src/plugins/plugin-files.js'

const GOOD = `# yaml-language-server: $schema=x
description: "All of it"
options:
  COLOUR: { type: enum, values: [red, blue], default: red }
  PORTS:
    type: list
    of: integer
requires:
  options: [PORTS]
  host: ['qemu-img']
grub:
  cmdline:
    add: [a=1, colour=$COLOUR]
  timeout: 0
rootfs:
  users: [anna, { name: bert, sudo: true }]
  modes: { /etc/a: '0600' }
`
const WORDS = [
  ...[
    'options',
    'requires',
    'grub',
    'cmdline',
    'add',
    'remove',
    'modules',
    'timeout',
    'rootfs',
    'users',
    'name',
    'modes',
  ],
  ...['COLOUR', 'type', 'of', 'values', 'default', 'secret', 'enum', 'list', '$COLOUR', '__proto__', 'constructor', ''],
]

/** On a busy machine; it is milliseconds on an idle one. */
const SOON_MS = 10_000

/** Whatever it is, it is answered soon, and each problem has a place that is in the text. */
async function expectAnswer(bytes: Uint8Array): Promise<void> {
  const found: Findings = { problems: [], notes: [] }
  const startedAt = performance.now()
  const manifest = await manifestFrom(bytes, 'p', found)

  expect(performance.now() - startedAt).toBeLessThan(SOON_MS)
  expect(manifest === undefined).toBe(found.problems.length > 0)
  const lines = Buffer.from(bytes)
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
  const astray = found.problems.filter(({ where }) => {
    const [, line = 0, column = 0] = where.split(':').map(Number)
    return where !== 'p' && !(line > 0 && column > 0 && column <= (lines[line - 1]?.length ?? -1) + 1)
  })
  expect(astray).toEqual([])
}

describe('manifestFrom', { timeout: 60_000 }, () => {
  it('answers every value that YAML can hold, with places in the text', async () => {
    const key = fc.oneof(fc.constantFrom(...WORDS), fc.string())
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 6 },
        fc.oneof(fc.constantFrom(...WORDS), fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.double()),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(key, tie('value'), { maxKeys: 5 }),
      ),
    }))
    await fc.assert(
      fc.asyncProperty(value, fc.boolean(), async (each, asJson) => {
        await expectAnswer(Buffer.from(asJson ? JSON.stringify(each) : dump(each)))
      }),
      { numRuns: 400 },
    )
  })

  it('answers a good text with some bytes changed', async () => {
    const change = fc.record({
      at: fc.nat(GOOD.length),
      length: fc.nat(3),
      bytes: fc.oneof(
        fc.uint8Array({ maxLength: 3 }),
        fc
          .constantFrom(
            ...['\t', '\n', '\r', ': ', '- ', '&a ', '*a', '!x ', '{', ']', '"', "'", '|\n', '>\n', '#', '---\n'],
          )
          .map((text) => Buffer.from(text)),
      ),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
        let bytes: Uint8Array = Buffer.from(GOOD)
        for (const each of changes) {
          bytes = Buffer.concat([bytes.subarray(0, each.at), each.bytes, bytes.subarray(each.at + each.length)])
        }
        await expectAnswer(bytes)
      }),
      { numRuns: 1_000 },
    )
  })

  it.each([
    ['nested very deeply', '['.repeat(100_000)],
    ['with very many keys', Array.from({ length: 20_000 }, (_, index) => `k${index}: 1\n`).join('')],
    ['with a very long key', `${'k'.repeat(200_000)}: 1`],
    ['with a very long list', `grub: { cmdline: { add: [${'1,'.repeat(50_000)}] } }`],
    [
      'that would grow when read',
      `a: &a [x,x]\n${'abcdefgh'.replace(/./g, (name) => `${name}${name}: &${name}${name} [*a,*a]\n`)}`,
    ],
  ])('answers a text %s', async (_, text) => {
    await expectAnswer(Buffer.from(text))
  })
})
