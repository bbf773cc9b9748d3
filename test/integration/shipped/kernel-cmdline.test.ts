import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readPlugins } from '../../../src/plugins/read-plugins.js'

const PLUGIN = new URL('../../../pre-stage/10-kernel-cmdline', import.meta.url).pathname
let preStage: string

beforeAll(async () => {
  preStage = await mkdtemp(join(tmpdir(), 'cvm-cmdline-'))
  await symlink(PLUGIN, join(preStage, '10-kernel-cmdline'))
})
afterAll(async () => await rm(preStage, { recursive: true, force: true }))

async function read(environment: Readonly<Record<string, string>>) {
  const { problems, notes, runNotes, wishes } = await readPlugins({
    dirs: { preStage },
    skip: [],
    only: [],
    environment,
  })
  const { add = [], remove = [] } = wishes.grub ?? {}
  return {
    add: add.map(({ word }) => word),
    remove: remove.map(({ word }) => word),
    told: [...problems.map(({ where, what }) => `${where} ${what}`), ...notes, ...runNotes],
  }
}

describe('10-kernel-cmdline', () => {
  it('asks for nothing without its variables, and says so', async () => {
    expect(await read({})).toEqual({
      add: [],
      remove: [],
      told: ['10-kernel-cmdline: CVM_KERNEL_ADD, CVM_KERNEL_REMOVE not given: nothing to do for the boot loader'],
    })
  })

  it('takes arguments with blanks or line breaks between them, and either variable alone', async () => {
    expect(await read({ CVM_KERNEL_ADD: 'loglevel=4  console=ttyS0,115200n8\na=/dev/x' })).toEqual({
      add: ['loglevel=4', 'console=ttyS0,115200n8', 'a=/dev/x'],
      remove: [],
      told: [],
    })
    expect(await read({ CVM_KERNEL_REMOVE: 'quiet splash' })).toEqual({
      add: [],
      remove: ['quiet', 'splash'],
      told: [],
    })
  })

  it.each(['a="b c"', 'a=1;reboot', '$(id)', '-x', 'a=`id`'])('refuses %j', async (value) => {
    const { add, told } = await read({ CVM_KERNEL_ADD: value })

    expect(told).toEqual([expect.stringMatching(/^CVM_KERNEL_ADD makes a word that is no kernel argument: /)])
    expect(add.filter((word) => /["';`$]|^-/.test(word))).toEqual([])
  })

  it('refuses to add what it is to remove', async () => {
    const { told } = await read({ CVM_KERNEL_ADD: 'quiet', CVM_KERNEL_REMOVE: 'quiet' })

    expect(told).toEqual([expect.stringContaining('wants quiet to be there')])
  })
})
