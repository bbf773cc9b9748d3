/**
 * Disks with a boot chain and nothing behind it: a kernel that has started finds no root file system and panics at once. So a
 * boot that shows what firmware, shim and grub let through takes seconds.
 */
import { rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { guestDisk, offsetBytes, sectorsOf } from '../../src/demo/guest-disk.js'
import { runToolOrFail } from '../../src/host/run-tool.js'
import { makeFatCall } from '../../src/tools/mkfs-vfat.js'
import { copyInCall, makeDirectoriesCall } from '../../src/tools/mtools.js'
import { type GptEntry, partitionCall } from '../../src/tools/sgdisk.js'
import { fromEsp } from './esp.js'
import { copyPartition } from './partition.js'

/** Files of the host. */
export interface BootChain {
  /** Signed by Microsoft. */
  readonly shim: string
  /** Signed by Debian; reads /EFI/debian/grub.cfg of the disk that it is started from. */
  readonly grub: string
  /** Signed by Debian, with an EFI stub. */
  readonly kernel: string
}

/** Takes Debian's chain out of a UEFI demo guest's image, which is only read. */
export async function bootChainOf(image: string, dir: string): Promise<BootChain> {
  const chain = { shim: join(dir, 'shimx64.efi'), grub: join(dir, 'grubx64.efi'), kernel: join(dir, 'vmlinuz') }
  const { esp, root } = guestDisk('uefi')
  if (esp === undefined) throw new Error('the guest has no EFI system partition')
  const copy = join(dir, 'partition.img')
  await copyPartition(image, esp, copy)
  await fromEsp(copy, 'EFI/debian/shimx64.efi', chain.shim)
  await fromEsp(copy, 'EFI/debian/grubx64.efi', chain.grub)
  await rm(copy)
  await copyPartition(image, root, copy)
  const debugfs = async (request: string) =>
    (await runToolOrFail({ tool: 'debugfs', args: ['-R', request, copy] })).stdout
  const name = (await debugfs('ls -p /boot')).split('/').find((word) => word.startsWith('vmlinuz-'))
  if (name === undefined) throw new Error('no kernel in /boot')
  await debugfs(`dump /boot/${name} ${chain.kernel}`)
  await rm(copy)
  return chain
}

/**
 * Makes a raw disk that is one EFI system partition.
 *
 * @param files the path on the partition of each file of the host, such as /EFI/BOOT/BOOTX64.EFI
 */
export async function makeEspDisk(disk: string, files: Readonly<Record<string, string>>): Promise<void> {
  await writeFile(disk, '')
  await truncate(disk, DISK_MIB * 2 ** 20)
  await runToolOrFail(partitionCall(disk, [ESP]))
  const { firstSector } = ESP
  await runToolOrFail(makeFatCall({ disk, firstSector, sectors: sectorsOf(ESP), label: 'ESP' }))
  const volume = { disk, offsetBytes: offsetBytes(ESP) }
  await runToolOrFail(makeDirectoriesCall(volume, ['/EFI', '/EFI/BOOT', '/EFI/debian']))
  for (const [path, file] of Object.entries(files)) await runToolOrFail(copyInCall(volume, file, path))
}

const DISK_MIB = 64
const MIB_SECTORS = 2048
const ESP: GptEntry = {
  number: 1,
  typeCode: 'ef00',
  firstSector: MIB_SECTORS,
  lastSector: (DISK_MIB - 1) * MIB_SECTORS - 1,
}
