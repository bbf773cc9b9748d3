import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { planFirmwareVariables } from '../../../../src/plugins/manifest/firmware-variables-plan.js'
import type { Wisher } from '../../../../src/plugins/manifest/plan-wishes.js'
import { manifestFrom } from '../../../../src/plugins/manifest/read-manifest.js'
import { aPlugin } from '../../../fixtures/builders.js'

const MINE = 'Mine-01234567-89ab-cdef-0123-456789abcdef'
let dir: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cvm-variables-'))
})
afterAll(async () => await rm(dir, { recursive: true, force: true }))

async function aWisher(name: string, yaml: string): Promise<Wisher> {
  const found = { problems: [], notes: [] }
  const manifest = await manifestFrom(Buffer.from(yaml), 'plugin.yaml', found)
  expect(found.problems).toEqual([])
  if (manifest === undefined) throw new Error('no manifest')
  return { ...aPlugin({ name, dir: `/plugins/${name}` }), manifest }
}

describe('planFirmwareVariables', () => {
  it('takes values as `firmware set` does, and files from the plugin', async () => {
    const yaml = `firmware-variables:
  Timeout: 3
  BootOrder: 0001,0000
  MokSBState: true
  Boot0001: {file: entry.bin, attributes: 'nv,bs'}
  BootNext: {delete: true}
  ${MINE}: {u16: 258, date: '2026-01-31'}`
    const { plan, problems } = await planFirmwareVariables([await aWisher('21-a', yaml)], {})

    expect(problems).toEqual([])
    const plugins = ['21-a']
    expect(plan?.variables).toEqual([
      { name: 'Timeout', form: 'plain', text: '3', plugins },
      { name: 'BootOrder', form: 'plain', text: '0001,0000', plugins },
      { name: 'MokSBState', form: 'plain', text: 'true', plugins },
      { name: 'Boot0001', form: 'file', text: '/plugins/21-a/entry.bin', attributes: 'nv,bs', plugins },
      { name: 'BootNext', form: 'delete', text: '', plugins },
      { name: MINE, form: 'u16', text: '258', date: '2026-01-31', plugins },
    ])
  })

  it('reads a file whose own files lie beside it, and in which a dollar is a dollar', async () => {
    const file = join(dir, 'vars.yaml')
    await writeFile(file, `Boot0001: {file: entry.bin}\n${MINE}: {text: $HOME}\n`)
    const wisher = await aWisher('21-a', 'options: {VARS: {type: path}}\nfirmware-variables: $VARS')
    const { plan, problems } = await planFirmwareVariables([wisher], { VARS: file })

    expect(problems).toEqual([])
    expect(plan?.variables.map(({ text }) => text)).toEqual([join(dir, 'entry.bin'), '$HOME'])
  })

  it('wants nothing without the value of its option, and says so', async () => {
    const wisher = await aWisher('21-a', 'options: {VARS: {type: path}}\nfirmware-variables: $VARS')

    expect(await planFirmwareVariables([wisher], {})).toEqual({
      problems: [],
      notes: [],
      runNotes: ['21-a: VARS not given: nothing to do for firmware variables'],
    })
  })

  it('does the same wish of two plugins once, and refuses two different ones', async () => {
    const [a, b] = [
      await aWisher('21-a', 'firmware-variables: {Timeout: 3}'),
      await aWisher('22-b', 'firmware-variables: {Timeout: 3}'),
    ]
    const c = await aWisher('23-c', 'firmware-variables: {Timeout: 5}')

    expect((await planFirmwareVariables([a, b], {})).plan?.variables).toEqual([
      { name: 'Timeout', form: 'plain', text: '3', plugins: ['21-a', '22-b'] },
    ])
    expect((await planFirmwareVariables([a, b, c], {})).problems).toEqual([
      {
        code: 'PLUGIN_INVALID',
        where: '/plugins/23-c/plugin.yaml',
        what: 'firmware-variables.Timeout: 21-a and 22-b want 3, 23-c wants 5',
      },
    ])
  })

  it.each([
    ['Timeout: {value: 1, hex: "01"}', /Timeout: give exactly one of/],
    ['Timeout: {attributes: nv}', /Timeout: give exactly one of/],
  ])('refuses %s', async (line, words) => {
    const { problems } = await planFirmwareVariables([await aWisher('21-a', `firmware-variables: {${line}}`)], {})

    expect(problems.map(({ what }) => what)).toEqual([expect.stringMatching(words)])
  })

  it.each([
    ['Timeout: [1]\n', /vars\.yaml:1:\d+$/],
    ['Timeout: {hexx: 00}\n', /vars\.yaml:1:\d+$/],
    ['- a\n', /vars\.yaml/],
  ])('tells the place of a mistake in a file: %j', async (text, where) => {
    const file = join(dir, 'vars.yaml')
    await writeFile(file, text)
    const { problems } = await planFirmwareVariables([await aWisher('21-a', `firmware-variables: ${file}`)], {})

    expect(problems.length).toBeGreaterThan(0)
    for (const problem of problems) expect(problem.where).toMatch(where)
  })

  it('says that a file is not there', async () => {
    const { problems } = await planFirmwareVariables([await aWisher('21-a', 'firmware-variables: gone.yaml')], {})

    expect(problems).toEqual([
      { code: 'PLUGIN_INVALID', where: '/plugins/21-a/gone.yaml', what: 'gone.yaml cannot be read: ENOENT' },
    ])
  })
})
