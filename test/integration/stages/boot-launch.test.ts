import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
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

  it('takes another file instead when one is named', async () => {
    await writeFile(join(dir, 'output.launch.json'), JSON.stringify({ vm: { vcpus: 8 } }))
    await writeFile(join(dir, 'other.yaml'), 'vm:\n  memory: 1G\n')

    expect((await settle({}, { launchFile: join(dir, 'other.yaml') })).wishes).toEqual({ memoryMiB: 1024 })
  })

  it('warns of a launch file beside the image that was written for another image', async () => {
    await writeFile(join(dir, 'other.qcow2'), '')
    await writeFile(join(dir, 'output.launch.json'), JSON.stringify({ image: 'other.qcow2', vm: { vcpus: 8 } }))

    const warning = `output.launch.json was written for ${join(dir, 'other.qcow2')}; it is taken for ${join(dir, 'output.qcow2')}`
    expect((await settle({})).wishes).toEqual({ vcpus: 8 })
    expect(said).toContain(warning)
    said = []
    await settle({}, { launchFile: join(dir, 'output.launch.json') })
    expect(said).toContain(warning)
    said = []
    await rename(join(dir, 'output.launch.json'), join(dir, 'mine.json'))
    await settle({}, { launchFile: join(dir, 'mine.json') })
    expect(said.join()).not.toContain('was written for')
  })

  it.each(['output.qcow2', '/no/longer/there/output.qcow2', 'link.qcow2'])(
    'has nothing to say about one that was written for it, or before both were moved: %s',
    async (image) => {
      await writeFile(join(dir, 'output.qcow2'), '')
      await symlink('output.qcow2', join(dir, 'link.qcow2'))
      await writeFile(join(dir, 'output.launch.json'), JSON.stringify({ image, vm: { vcpus: 8 } }))

      await settle({})

      expect(said).toEqual([expect.stringMatching(/^launch file: /)])
    },
  )

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

  it.each(['bios', 'uefi'])(
    'refuses a confidential guest with the %s of a file, rather than leave it out',
    async (type) => {
      await writeFile(join(dir, 'a.yaml'), `vm: {firmware: {type: ${type}}}\n`)

      await expect(settle({ tee: 'tdx' }, { launchFile: join(dir, 'a.yaml') })).rejects.toMatchObject({
        code: 'LAUNCH_INVALID',
        message: 'a TDX guest needs its firmware in one file',
        why: `${type} is asked for (a.yaml), and tdx (--flag)`,
      })
    },
  )
})
