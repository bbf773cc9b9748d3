import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LaunchWishes, SettledLaunch } from '../../../src/model/launch.js'
import { settleBootLaunch } from '../../../src/stages/boot-launch.js'

let dir: string
let said: string[]

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'boot-launch-'))
  said = []
})
afterEach(async () => {
  await rm(dir, { recursive: true })
})

async function settle(
  flags: LaunchWishes,
  options: { readonly launchFile?: string; readonly byBootLoader?: boolean } = {},
): Promise<SettledLaunch> {
  const input = {
    image: join(dir, 'output.qcow2'),
    flags: [{ origin: '--flag', wishes: flags }],
    byBootLoader: options.byBootLoader === true,
    ...(options.launchFile === undefined ? {} : { launchFile: options.launchFile }),
  }
  return await settleBootLaunch(input, (event) => {
    if ('text' in event) said.push(event.text)
  })
}

describe('the launch of a boot test', () => {
  it('is that of the flags alone where no launch file lies beside the image', async () => {
    expect((await settle({ vcpus: 3 })).wishes).toEqual({ vcpus: 3 })
    expect(said).toEqual([])
  })

  it('takes the launch file beside the image by itself, says so, and lets flags be stronger', async () => {
    await writeFile(join(dir, 'output.launch.json'), JSON.stringify({ vm: { vcpus: 8, memory: '4G' } }))

    const { wishes, origins } = await settle({ vcpus: 3 })

    expect(wishes).toEqual({ vcpus: 3, memoryMiB: 4096 })
    expect(origins).toEqual({ vcpus: '--flag', memoryMiB: 'output.launch.json' })
    expect(said).toEqual([`launch file: ${join(dir, 'output.launch.json')} (vm.memory)`])
  })

  it('warns of a launch file beside the image that was written for another one', async () => {
    const written = (image: string) =>
      writeFile(join(dir, 'output.launch.json'), JSON.stringify({ image, vm: { vcpus: 8 } }))

    await written('output.qcow2')
    await settle({})
    expect(said).toHaveLength(1)
    await written('other.qcow2')
    await settle({})
    expect(said).toContain('output.launch.json was written for other.qcow2; it is taken for output.qcow2')
  })

  it('takes another file instead when one is named', async () => {
    await writeFile(join(dir, 'output.launch.json'), JSON.stringify({ vm: { vcpus: 8 } }))
    await writeFile(join(dir, 'other.yaml'), 'vm:\n  memory: 1G\n')

    expect((await settle({}, { launchFile: join(dir, 'other.yaml') })).wishes).toEqual({ memoryMiB: 1024 })
  })

  it("leaves out the file's direct boot when the image's boot loader is asked for", async () => {
    await writeFile(join(dir, 'a.yaml'), 'vm:\n  vcpus: 2\n  kernel: vmlinuz\n  cmdline: quiet\n')

    const file = { launchFile: join(dir, 'a.yaml') }
    expect((await settle({}, file)).wishes).toMatchObject({ kernel: join(dir, 'vmlinuz'), cmdline: 'quiet' })
    expect((await settle({}, { ...file, byBootLoader: true })).wishes).toEqual({ vcpus: 2 })
  })

  it('refuses a file with a mistake', async () => {
    await writeFile(join(dir, 'a.yaml'), 'vm:\n  vcpus: none\n')

    await expect(settle({}, { launchFile: join(dir, 'a.yaml') })).rejects.toMatchObject({ code: 'LAUNCH_INVALID' })
  })
})
