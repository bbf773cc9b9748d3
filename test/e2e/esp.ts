import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { guestDisk, offsetBytes, SECTOR_BYTES, sectorsOf } from '../../src/demo/guest-disk.js'
import { runToolOrFail } from '../../src/host/run-tool.js'
import { copyPartition } from './partition.js'

/**
 * Changes files of the EFI system partition of a UEFI demo guest's image from outside.
 *
 * @param image qcow2, written to
 * @param change gets a copy of the partition, to be changed with mtools
 */
export async function changeEsp(image: string, dir: string, change: (esp: string) => Promise<void>): Promise<void> {
  const { esp } = guestDisk('uefi')
  if (esp === undefined) throw new Error('the guest has no EFI system partition')
  const copy = join(dir, 'esp.img')
  await copyPartition(image, esp, copy)
  await change(copy)
  const write = `write -q -s ${copy} ${offsetBytes(esp)} ${sectorsOf(esp) * SECTOR_BYTES}`
  await runToolOrFail({ tool: 'qemu-io', args: ['-f', 'qcow2', '-c', write, image] })
  await rm(copy)
}

export async function fromEsp(esp: string, path: string, to: string): Promise<void> {
  await runToolOrFail({ tool: 'mcopy', args: ['-n', '-i', esp, `::${path}`, to] })
}

export async function intoEsp(esp: string, from: string, path: string): Promise<void> {
  await runToolOrFail({ tool: 'mcopy', args: ['-o', '-i', esp, from, `::${path}`] })
}
