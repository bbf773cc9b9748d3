import type { DiskLayout } from '../model/image.js'
import { BIOS_BOOT_TYPE, ESP_TYPE, MBR_ESP_TYPE, rootPartition } from './disk-layout.js'

/** Where the programs that boot a guest are for guestfish, and how they get there. */
export interface BootPlaces {
  /** The guest's fstab says what to mount: the general way, and half a minute slower in emulation. */
  readonly inspect: boolean
  readonly mount: readonly (readonly string[])[]
  /** What stands before a path of the guest. */
  readonly root: string
  /** Directory with the kernels. */
  readonly boot: string
  /** The EFI directory of the EFI system partition. */
  readonly efi: string
}

/** By the partition table alone where it leaves no doubt: one file system, one EFI system partition. */
export function bootPlaces(layout: DiskLayout, readOnly: boolean): BootPlaces {
  const root = rootPartition(layout)
  const esp = layout.partitions.find(({ type }) => type === ESP_TYPE || type === MBR_ESP_TYPE)
  const others = layout.partitions.filter((each) => each !== root && each !== esp)
  const plain = others.every(({ type }) => type === BIOS_BOOT_TYPE)
  if (root === undefined || esp === undefined || !plain) return BY_FSTAB
  const mount = readOnly ? 'mount-ro' : 'mount'
  return {
    inspect: false,
    mount: [
      ['mkmountpoint', '/root'],
      ['mkmountpoint', '/esp'],
      [mount, `/dev/sda${root.number}`, '/root'],
      [mount, `/dev/sda${esp.number}`, '/esp'],
    ],
    root: '/root',
    boot: '/root/boot',
    efi: '/esp/EFI',
  }
}

export const BY_FSTAB: BootPlaces = { inspect: true, mount: [], root: '', boot: '/boot', efi: '/boot/efi/EFI' }
