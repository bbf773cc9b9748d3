import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { runToolOrFail } from '../../../src/host/run-tool.js'
import { readVirtualSize } from '../../../src/tools/qemu-img.js'
import { copyOfPlugin, type PluginCopy } from './host-script.js'

const MIB = 1 << 20

describe('01-resize-image', () => {
  it('D36: does nothing without GUEST_SIZE in a tree that has no plugin.yaml, and says so', async () => {
    await using plugin = await copyOfPlugin('pre-stage/01-resize-image')

    for (const env of [{}, { GUEST_SIZE: '' }]) {
      const { exitCode, said } = await plugin.run({ ...env, GUEST_IMG: '/no/such/image' })

      expect(exitCode).toBe(0)
      expect(said).toBe('GUEST_SIZE is not given: nothing to do\n')
    }
  })

  it.each([
    ['131072K', 128],
    ['128M', 128],
    ['1G', 1024],
    ['2T', 2 * MIB],
  ])('grows a disk of 64 MiB to %s', async (size, mib) => {
    await using plugin = await copyOfPlugin('pre-stage/01-resize-image')
    const image = await anImage(plugin, '64M')

    const { exitCode, said } = await plugin.run({ GUEST_SIZE: size, GUEST_IMG: image })

    expect(said).toBe(`the disk grows from 64 MiB to ${mib} MiB\n`)
    expect(exitCode).toBe(0)
    expect(await virtualSize(image)).toBe(mib * MIB)
  })

  it('grows an overlay, whose backing file has another size and stays as it is', async () => {
    await using plugin = await copyOfPlugin('pre-stage/01-resize-image')
    const base = await anImage(plugin, '64M')
    const overlay = join(plugin.scratch, 'overlay.qcow2')
    await runToolOrFail({
      tool: 'qemu-img',
      args: ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', base, overlay, '96M'],
    })
    const before = await stat(base)

    const { said } = await plugin.run({ GUEST_SIZE: '128M', GUEST_IMG: overlay })

    expect(said).toBe('the disk grows from 96 MiB to 128 MiB\n')
    expect(await virtualSize(overlay)).toBe(128 * MIB)
    expect((await stat(base)).mtimeMs).toBe(before.mtimeMs)
  })

  it('D34: leaves a disk alone that has the size already, and says so', async () => {
    await using plugin = await copyOfPlugin('pre-stage/01-resize-image')
    const image = await anImage(plugin, '64M')

    const { exitCode, said } = await plugin.run({ GUEST_SIZE: '64M', GUEST_IMG: image })

    expect(exitCode).toBe(0)
    expect(said).toContain('has 64M already: nothing to do')
    expect(await virtualSize(image)).toBe(64 * MIB)
  })

  it('D34: fails with both sizes when the disk is larger, and does not shrink it', async () => {
    await using plugin = await copyOfPlugin('pre-stage/01-resize-image')
    const image = await anImage(plugin, '64M')

    const { exitCode, said } = await plugin.run({ GUEST_SIZE: '32M', GUEST_IMG: image })

    expect(exitCode).toBe(1)
    expect(said).toMatch(/GUEST_SIZE=32M is less than the 67108864 bytes.*never made smaller/)
    expect(await virtualSize(image)).toBe(64 * MIB)
  })

  it.each([
    '50G; touch x',
    '10X',
    '50',
    '-5G',
    '0G',
    '05G',
    '1.5G',
    ' 50G',
    '50g',
    '50G\n1',
    '99999999999999999999G',
    'a[$(touch x)]G',
  ])('D34: refuses %j in one sentence', async (size) => {
    await using plugin = await copyOfPlugin('pre-stage/01-resize-image')
    const image = await anImage(plugin, '64M')

    const { exitCode, said } = await plugin.run({ GUEST_SIZE: size, GUEST_IMG: image })

    expect(exitCode).toBe(1)
    expect(said).toMatch(/^GUEST_SIZE must be a whole number with K, M, G or T, such as 50G; it is: /)
    expect(await virtualSize(image)).toBe(64 * MIB)
    await expect(stat(join(plugin.dir, 'x'))).rejects.toThrow('ENOENT')
  })

  it('never takes any text for a size that is none', async () => {
    await using plugin = await copyOfPlugin('pre-stage/01-resize-image')
    const noSize = fc
      .string({ unit: 'binary-ascii', minLength: 1, maxLength: 20 })
      .filter((text) => !text.includes('\0') && !/^[1-9]\d*[KMGT]$/.test(text))

    await fc.assert(
      fc.asyncProperty(noSize, async (text) => {
        const { exitCode, said } = await plugin.run({ GUEST_SIZE: text, GUEST_IMG: '/no/such/image' })

        expect(exitCode).toBe(1)
        expect(said).toContain('GUEST_SIZE must be')
      }),
      { numRuns: 40 },
    )
  })
})

async function anImage(plugin: PluginCopy, size: string): Promise<string> {
  const image = join(plugin.scratch, 'an image.qcow2')
  await runToolOrFail({ tool: 'qemu-img', args: ['create', '-q', '-f', 'qcow2', image, size] })
  return image
}

async function virtualSize(image: string): Promise<number | undefined> {
  const { stdout } = await runToolOrFail({
    tool: 'qemu-img',
    args: ['info', '-f', 'qcow2', '--output=json', image],
  })
  return readVirtualSize(stdout)
}
