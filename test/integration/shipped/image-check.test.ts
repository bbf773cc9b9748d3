import { chmod, mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runToolOrFail } from '../../../src/host/run-tool.js'
import { copyOfPlugin } from './host-script.js'

describe('50-image-check', () => {
  it('tells the sizes of a sound image', async () => {
    await using plugin = await copyOfPlugin('post-stage/50-image-check')
    const image = join(plugin.scratch, 'image.qcow2')
    await create(['-f', 'qcow2', image, '64M'])

    const { exitCode, said } = await plugin.run({ GUEST_IMG: image })

    expect(said).toBe('sound; disk of 64 MiB in a file of 0 MiB\n')
    expect(exitCode).toBe(0)
  })

  it('fails on an image that lacks its backing file in the output', async () => {
    await using plugin = await copyOfPlugin('post-stage/50-image-check')
    const base = join(plugin.scratch, 'base.qcow2')
    const image = join(plugin.scratch, 'image.qcow2')
    await create(['-f', 'qcow2', base, '64M'])
    await create(['-f', 'qcow2', '-F', 'qcow2', '-b', base, image])

    const { exitCode, said } = await plugin.run({ GUEST_IMG: image })

    expect(exitCode).toBe(1)
    expect(said).toContain('needs another file')
  })

  it('fails on a damaged image', async () => {
    await using plugin = await copyOfPlugin('post-stage/50-image-check')
    const image = join(plugin.scratch, 'image.qcow2')
    await create(['-f', 'qcow2', image, '64M'])
    const file = await open(image, 'r+')
    // The first entry of the L1 table, in the fourth cluster of a fresh image: it leads beyond the end of the file.
    await file.write(Buffer.from('8000000070000000', 'hex'), 0, 8, 3 * 65536)
    await file.close()

    const { exitCode } = await plugin.run({ GUEST_IMG: image })

    expect(exitCode).not.toBe(0)
  })

  it('takes the size of the image, not that of the file below it, which newer qemu-img prints first', async () => {
    await using plugin = await copyOfPlugin('post-stage/50-image-check')
    const info = {
      children: [{ name: 'file', info: { children: [], 'virtual-size': 197120 } }],
      'virtual-size': 64 << 20,
      format: 'qcow2',
    }
    const bin = join(plugin.scratch, 'bin')
    await mkdir(bin)
    const json = JSON.stringify(info, undefined, 4)
    await writeFile(join(bin, 'qemu-img'), `#!/bin/sh\n[ "$1" != info ] || cat <<'END'\n${json}\nEND\n`)
    await chmod(join(bin, 'qemu-img'), 0o755)
    await writeFile(join(plugin.scratch, 'image'), '')

    const { said } = await plugin.run({
      GUEST_IMG: join(plugin.scratch, 'image'),
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    })

    expect(said).toContain('disk of 64 MiB')
  })
})

async function create(args: readonly string[]): Promise<void> {
  await runToolOrFail({ tool: 'qemu-img', args: ['create', '-q', ...args] })
}
