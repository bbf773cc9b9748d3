import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { assertDirectBootFiles } from '../../../src/launch/direct-boot-files.js'
import { settleLaunch } from '../../../src/launch/settle-launch.js'
import type { LaunchWishes } from '../../../src/model/launch.js'

let dir: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'direct-boot-files-'))
  await writeFile(join(dir, 'vmlinuz'), 'kernel')
  await writeFile(join(dir, 'empty'), '')
})
afterAll(async () => {
  await rm(dir, { recursive: true })
})

async function check(wishes: LaunchWishes): Promise<void> {
  await assertDirectBootFiles(settleLaunch([{ origin: '-k', wishes }]))
}

it('takes files, and launches without them', async () => {
  await check({ kernel: join(dir, 'vmlinuz'), initrd: join(dir, 'vmlinuz') })
  await check({})
})

it.each([
  ['nope', /^the kernel cannot be read: ENOENT/],
  ['empty', /^the kernel .*empty is empty \(named by -k\)$/],
  ['.', /is not a regular file /],
])('refuses a kernel that is %s', async (name, message) => {
  await expect(check({ kernel: join(dir, name) })).rejects.toMatchObject({
    code: 'LAUNCH_INVALID',
    message: expect.stringMatching(message),
  })
})

it('names kernel and initrd when neither can be used', async () => {
  const files = { kernel: '/dev/zero', initrd: join(dir, 'empty') }

  await expect(check(files)).rejects.toMatchObject({
    lines: [
      'the kernel /dev/zero is not a regular file (named by -k)',
      `the initrd ${join(dir, 'empty')} is empty (named by -k)`,
    ],
  })
})
