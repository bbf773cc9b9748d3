import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { copyOfPlugin } from './host-script.js'

const GOOD = { name: 'image', ok: true, detail: 'qemu-img check found no errors' }
const BAD = { name: 'sealed', ok: false, detail: 'says "ok": true, and is not' }

describe('99-byebye', () => {
  it('has a good word when every check was good', async () => {
    const { exitCode, said } = await sayBye({ outcome: 'success', checks: [GOOD, GOOD] })

    expect(said).toBe('all 2 checks were good\n')
    expect(exitCode).toBe(0)
  })

  it.each([
    ['one check failed', { outcome: 'success', checks: [GOOD, BAD] }],
    ['the outcome is an error', { outcome: 'error', checks: [GOOD] }],
    ['nothing was checked', { outcome: 'success', checks: [] }],
    ['there is no outcome', { checks: [GOOD] }],
    [
      'success stands only in somebody else\u2019s words',
      { outcome: 'error', guest: { outcome: 'success' }, checks: [GOOD] },
    ],
  ])('D13: has none when %s', async (_, report) => {
    const { exitCode, said } = await sayBye(report)

    expect(exitCode).toBe(1)
    expect(said).toContain('does not tell of success')
  })

  it('D13: fails when there is no report', async () => {
    await using plugin = await copyOfPlugin('post-stage/99-byebye')

    const { exitCode } = await plugin.run({ CVM_REPORT: join(plugin.scratch, 'none.json') })

    expect(exitCode).not.toBe(0)
  })
})

async function sayBye(report: unknown) {
  await using plugin = await copyOfPlugin('post-stage/99-byebye')
  const path = join(plugin.scratch, 'report.json')
  // As src/stages/post-stage.ts writes it.
  await writeFile(path, JSON.stringify(report, undefined, 2))
  return await plugin.run({ CVM_REPORT: path })
}
