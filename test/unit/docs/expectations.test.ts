import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PCR_BANKS, UNIT_STATES } from '../../../src/model/expectation.js'
import { readExpectBytes } from '../../../src/stages/expect/read-expect-file.js'
import { readExpectations } from '../../../src/stages/expect/read-expectations.js'
import { ROOT, readDocument } from './marked-block.js'

const HEADING = '\n## Expectations\n'
const SECTION =
  readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `\n${readDocument(`docs/${name}`)}`.split(HEADING)[1]?.split('\n## ')[0])
    .find((section) => section !== undefined) ?? ''

describe('the section about expectations', () => {
  it('shows a file that would be taken, with every kind that there is', async () => {
    const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(SECTION) ?? []
    const reading = await readExpectBytes(Buffer.from(example), 'the example')

    expect(reading).toHaveProperty('expectations')
    const keys = Object.keys(JSON.parse(readDocument('docs/expect.schema.json')).properties)
    expect(keys.filter((key) => !example.includes(`\n${key}:`) && !example.startsWith(`${key}:`))).toEqual([])
  })

  it('shows short forms that would be taken, of every kind that there is', async () => {
    const rows = [...SECTION.matchAll(/^\| `.*\|$/gm)].map(([row]) => row.split('|')[1] ?? '')
    const forms = rows.flatMap((row) => [...row.matchAll(/`([a-z][^`]*)`/g)].map(([, form = '']) => filled(form)))

    expect(forms.length).toBeGreaterThan(25)
    for (const form of forms) expect(await readExpectations([form]), form).toHaveLength(1)
  })

  it('names every state of a unit', () => {
    expect(UNIT_STATES.filter((state) => !SECTION.includes(state))).toEqual([])
    expect(PCR_BANKS.filter((bank) => ['sha256', 'sha384'].includes(bank) && !SECTION.includes(bank))).toEqual([])
  })
})

/** The form with something in the places of its capital words. */
function filled(form: string): string {
  const hex = form.startsWith('machine-id') ? '0123456789abcdef'.repeat(2) : '0123456789abcdef'.repeat(4)
  return form
    .replace('/PATH', '/etc/x')
    .replace('HEX', hex)
    .replace('unit=NAME', 'unit=a.service')
    .replace('unit!=NAME', 'unit!=a.service')
    .replace('unit:NAME=STATE', 'unit:a.service=failed')
    .replace('GROUP,GROUP', 'a,b')
    .replace(/VERSION|REGEX|TEXT|WORD|LINE|NAME|USER|GROUP/g, 'x')
}
