import { open, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runToolOrFail } from '../host/run-tool.js'
import type { ToolCall } from '../model/host.js'
import { makeFatCall } from '../tools/mkfs-vfat.js'
import { copyInCall, makeDirectoriesCall } from '../tools/mtools.js'
import { convertCall } from '../tools/qemu-img.js'
import { type GptEntry, partitionCall } from '../tools/sgdisk.js'
import { biosBootSector, biosCoreImage } from './bios-boot.js'
import { DISK_BYTES, type GuestDisk, guestDisk, offsetBytes, SECTOR_BYTES, sectorsOf } from './guest-disk.js'
import type { DemoGuestRecipe, RootFs } from './recipe.js'
import { writeRootFileSystem } from './root-file-system.js'
import type { RootTree } from './root-tree.js'

export interface GuestImageInput {
  readonly tree: RootTree
  readonly rootUuid: string
  readonly boot: DemoGuestRecipe['boot']
  readonly rootFs: RootFs
  readonly scratchDir: string
  readonly say: (line: string) => void
  readonly signal?: AbortSignal
}

/** Lays the tree out on a disk that starts under the wanted firmware; returns the path of a qcow2 image. */
export async function writeGuestImage(input: GuestImageInput): Promise<string> {
  const { tree, rootUuid, scratchDir, say } = input
  const run = async (call: ToolCall): Promise<void> => {
    const signal = input.signal === undefined ? {} : { signal: input.signal }
    await runToolOrFail(call, { ...signal, timeoutMs: STEP_LIMIT_MS })
  }
  const raw = join(scratchDir, 'disk.raw')
  const image = join(scratchDir, 'disk.qcow2')
  const disk = guestDisk(input.boot)

  say('writing partitions and the root file system')
  await writeFile(raw, '')
  await truncate(raw, DISK_BYTES)
  await run(partitionCall(raw, disk.entries))
  const place = { disk: raw, offsetBytes: offsetBytes(disk.root), sizeBytes: sectorsOf(disk.root) * SECTOR_BYTES }
  await writeRootFileSystem({ kind: input.rootFs, tree, uuid: rootUuid, scratchDir, ...place }, run)

  if (disk.esp !== undefined) {
    say('writing the EFI system partition: shim and GRUB, both signed')
    for (const call of espCalls(raw, disk.esp, tree.path)) await run(call)
    await run(await espConfigCall(raw, disk.esp, input))
  }
  if (input.boot !== 'uefi') {
    say('writing the boot code for a BIOS')
    await writeBiosBoot(raw, disk, tree.path)
  }

  say('packing the disk as qcow2')
  await run(convertCall(raw, 'raw', image, []))
  await rm(raw)
  return image
}

/**
 * The EFI files, once in Debian's folder and once where a firmware looks that has no boot entries.
 *
 * shim's fallback program (fbx64.efi) stays out: it would write boot entries and restart the machine on each boot of a
 * firmware that forgets them.
 */
function espCalls(raw: string, esp: GptEntry, tree: string): readonly ToolCall[] {
  const volume = { disk: raw, offsetBytes: offsetBytes(esp) }
  const shim = join(tree, 'usr/lib/shim')
  const grub = join(tree, 'usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed')
  return [
    makeFatCall({ disk: raw, firstSector: esp.firstSector, sectors: sectorsOf(esp), label: 'UEFI' }),
    makeDirectoriesCall(volume, ['/EFI', '/EFI/BOOT', '/EFI/debian']),
    copyInCall(volume, join(shim, 'shimx64.efi.signed'), '/EFI/BOOT/BOOTX64.EFI'),
    copyInCall(volume, join(shim, 'shimx64.efi.signed'), '/EFI/debian/shimx64.efi'),
    copyInCall(volume, join(shim, 'BOOTX64.CSV'), '/EFI/debian/BOOTX64.CSV'),
    ...['/EFI/BOOT', '/EFI/debian'].flatMap((dir) => [
      copyInCall(volume, join(shim, 'mmx64.efi.signed'), `${dir}/mmx64.efi`),
      copyInCall(volume, grub, `${dir}/grubx64.efi`),
    ]),
  ]
}

/** The signed GRUB always reads EFI/debian/grub.cfg; that one leads to the configuration that update-grub writes. */
async function espConfigCall(raw: string, esp: GptEntry, input: GuestImageInput): Promise<ToolCall> {
  const path = join(input.scratchDir, 'esp-grub.cfg')
  await writeFile(
    path,
    `search.fs_uuid ${input.rootUuid} root\nset prefix=($root)'/boot/grub'\nconfigfile $prefix/grub.cfg\n`,
  )
  return copyInCall({ disk: raw, offsetBytes: offsetBytes(esp) }, path, '/EFI/debian/grub.cfg')
}

async function writeBiosBoot(raw: string, { biosBoot }: GuestDisk, tree: string): Promise<void> {
  const bootImage = await readFile(join(tree, 'boot/grub/i386-pc/boot.img'))
  const coreImage = biosCoreImage(await readFile(join(tree, 'boot/grub/i386-pc/core.img')), biosBoot.firstSector)
  if (coreImage.length > sectorsOf(biosBoot) * SECTOR_BYTES) throw new Error('core.img is larger than its partition')
  const disk = await open(raw, 'r+')
  try {
    const firstSector = Buffer.alloc(SECTOR_BYTES)
    await disk.read(firstSector, 0, SECTOR_BYTES, 0)
    await disk.write(biosBootSector(bootImage, firstSector, biosBoot.firstSector), 0, SECTOR_BYTES, 0)
    await disk.write(coreImage, 0, coreImage.length, offsetBytes(biosBoot))
  } finally {
    await disk.close()
  }
}

const STEP_LIMIT_MS = 10 * 60_000
