import { SLOW_WHEN_EMULATED } from '../model/emulated-cpu.js'
import type { ToolCall } from '../model/host.js'
import type { Machine } from '../model/rewrite.js'

/** The boot that customises the guest: everything virt-install has to be told. Paths are ours and free of commas. */
export interface GuestBoot {
  readonly uri: string
  readonly domain: string
  readonly machine: Machine
  readonly workImage: string
  readonly seedIso: string
  /** Private copy of the UEFI variable template; absent with BIOS. */
  readonly varsFile?: string
  /** UNIX sockets that we listen on. */
  readonly consoleSocket: string
  readonly reportSocket: string
  /** SMBIOS type 11; see src/guest/unseal.ts and fixed-addresses.ts. Without commas. */
  readonly oemStrings: readonly string[]
}

/**
 * virt-install for the customising boot.
 *
 * --transient: the domain leaves no definition behind. --wait -1: time is kept by us, virt-install would leave the guest
 * running when its own limit expires. The seed is a virtio disk because Debian's cloud kernel has no IDE or AHCI driver.
 * driver.type and not format: the latter counts only for disks that virt-install makes; of others it believes what libvirt probes.
 * --osinfo generic: the only name that every osinfo-db knows; all that a newer name would choose is said here.
 * No TPM, USB, balloon, video: nothing that the guest does not need for this one boot.
 */
export function virtInstallCall(boot: GuestBoot): ToolCall {
  const { machine } = boot
  return {
    tool: 'virt-install',
    args: [
      ['--connect', boot.uri],
      ['--name', boot.domain],
      ['--transient', '--import', '--noautoconsole', '--wait', '-1'],
      ['--osinfo', 'generic', '--rng', '/dev/urandom'],
      ['--virt-type', machine.accel === 'kvm' ? 'kvm' : 'qemu'],
      ['--cpu', machine.accel === 'kvm' ? 'host-passthrough' : EMULATED_CPU],
      ['--machine', 'q35'],
      ['--memory', String(machine.memoryMiB)],
      ['--vcpus', String(machine.vcpus)],
      firmwareOptions(boot),
      [
        '--disk',
        `path=${boot.workImage},driver.type=qcow2,bus=virtio,driver.discard=unmap,driver.detect_zeroes=unmap,driver.cache=unsafe`,
      ],
      ['--disk', `path=${boot.seedIso},driver.type=raw,device=disk,bus=virtio,readonly=on`],
      ['--network', 'user,model=virtio'],
      ['--serial', `unix,source.path=${boot.consoleSocket},source.mode=connect`],
      ['--serial', `unix,source.path=${boot.reportSocket},source.mode=connect`],
      ['--graphics', 'none', '--video', 'none', '--sound', 'none', '--tpm', 'none', '--watchdog', 'none'],
      ['--controller', 'usb,model=none', '--memballoon', 'none', '--channel', 'none'],
      ['--events', 'on_poweroff=destroy,on_reboot=restart,on_crash=destroy'],
      ['--sysinfo', boot.oemStrings.map((text, index) => `oemStrings.entry${index}=${text}`).join(',')],
      ['--check', 'all=off'],
    ].flat(),
  }
}

/** SeaBIOS speaks on the first serial port only when asked (useserial). */
function firmwareOptions({ machine, varsFile }: GuestBoot): string[] {
  if (machine.firmware.kind === 'bios' || varsFile === undefined) return ['--boot', 'hd,bios.useserial=yes']
  return ['--boot', `loader=${machine.firmware.code},loader.readonly=yes,loader.type=pflash,nvram=${varsFile}`]
}

const EMULATED_CPU = ['mode=maximum', ...SLOW_WHEN_EMULATED.map((feature) => `disable=${feature}`)].join(',')
