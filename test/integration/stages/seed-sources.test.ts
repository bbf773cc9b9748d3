import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkSeedSources, userDataToShip } from '../../../src/stages/seed-sources.js'
import { PACKAGE_DIR } from '../../../src/stages/sources.js'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cvm-seed-'))
})
afterEach(async () => await rm(dir, { recursive: true, force: true }))

const HEAD = '#cloud-config\nmerge_how: dict(no_replace,recurse_list)+list(append)\n'

function sources() {
  return { preStage: '/none', postStage: '/none', cloudInit: dir }
}

describe('user-data.basic of a directory', () => {
  it('is shipped as it is, from where it lies', async () => {
    await writeFile(join(dir, 'user-data.basic'), `${HEAD}runcmd: [a]\n`)

    expect(await userDataToShip(sources(), join(dir, 'work'))).toBe(join(dir, 'user-data.basic'))
  })

  it('is the shipped one when the directory has none', async () => {
    expect(await userDataToShip(sources(), dir)).toBe(join(PACKAGE_DIR, 'cloud-init', 'user-data.basic'))
  })

  it('is shipped as a copy without the power_state of the bash tool, and itself not changed', async () => {
    const work = await mkdtemp(join(dir, 'work-'))
    const text = `${HEAD}power_state: {mode: poweroff}\nruncmd: [a]\n`
    await writeFile(join(dir, 'user-data.basic'), text)

    const shipped = await userDataToShip(sources(), work)

    expect(shipped.startsWith(`${work}/`)).toBe(true)
    expect(await readFile(shipped, 'utf8')).toBe(`${HEAD}\nruncmd: [a]\n`)
    expect(await readFile(join(dir, 'user-data.basic'), 'utf8')).toBe(text)
  })

  it('is not taken without a word when it sets a password (D10) or has lost its power_state', async () => {
    await writeFile(join(dir, 'user-data.basic'), `${HEAD}power_state: {mode: poweroff}\npassword: '123456'\n`)

    expect(await checkSeedSources(sources())).toEqual({
      problems: [],
      notes: [
        expect.stringContaining('its power_state is left out'),
        expect.stringContaining('sets a password in the image'),
      ],
    })
  })

  it('is told of with the line that it has in the file', async () => {
    await writeFile(join(dir, 'user-data.basic'), `${HEAD}power_state:\n  mode: poweroff\nruncmd: one\n`)

    const { problems } = await checkSeedSources(sources())

    expect(problems).toEqual([
      { code: 'USER_DATA_INVALID', where: `${dir}/user-data.basic:5`, what: expect.any(String) },
    ])
  })
})
