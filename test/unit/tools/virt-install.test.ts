import { describe, expect, it } from 'vitest'
import { type GuestBoot, virtInstallCall } from '../../../src/tools/virt-install.js'

const BOOT: GuestBoot = {
  uri: 'qemu:///session',
  domain: 'cvm-rewrite-1',
  machine: { accel: 'tcg', accelWhy: '', firmware: { kind: 'bios' }, memoryMiB: 2048, vcpus: 2 },
  workImage: '/w/work.qcow2',
  seedIso: '/w/ciiso.iso',
  consoleSocket: '/s/console',
  reportSocket: '/s/report',
  oemStrings: ['io.systemd.credential:x=y', 'io.systemd.credential:z=0'],
}

describe('virtInstallCall', () => {
  it('boots the work image and the seed, ports connected to us, with nothing that the guest does not need', () => {
    const { tool, args } = virtInstallCall(BOOT)

    expect(tool).toBe('virt-install')
    expect(args.join(' ')).toBe(
      [
        '--connect qemu:///session --name cvm-rewrite-1 --transient --import --noautoconsole --wait -1',
        '--osinfo generic --rng /dev/urandom --virt-type qemu --cpu mode=maximum,disable=la57,disable=erms,disable=smap,disable=pku --machine q35 --memory 2048 --vcpus 2',
        '--boot hd,bios.useserial=yes',
        '--disk path=/w/work.qcow2,driver.type=qcow2,bus=virtio,driver.discard=unmap,driver.detect_zeroes=unmap,driver.cache=unsafe',
        '--disk path=/w/ciiso.iso,driver.type=raw,device=disk,bus=virtio,readonly=on',
        '--network user,model=virtio',
        '--serial unix,source.path=/s/console,source.mode=connect',
        '--serial unix,source.path=/s/report,source.mode=connect',
        '--graphics none --video none --sound none --tpm none --watchdog none',
        '--controller usb,model=none --memballoon none --channel none',
        '--events on_poweroff=destroy,on_reboot=restart,on_crash=destroy',
        '--sysinfo oemStrings.entry0=io.systemd.credential:x=y,oemStrings.entry1=io.systemd.credential:z=0',
        '--check all=off',
      ].join(' '),
    )
  })

  it("takes the machine's own CPU under KVM", () => {
    const { args } = virtInstallCall({ ...BOOT, machine: { ...BOOT.machine, accel: 'kvm' } })

    expect(args.join(' ')).toContain('--virt-type kvm --cpu host-passthrough')
  })

  it('gives UEFI its code read-only and a variable store of the run', () => {
    const firmware = { kind: 'uefi', code: '/usr/OVMF_CODE.fd', vars: '/usr/OVMF_VARS.fd', format: 'raw' } as const

    const { args } = virtInstallCall({ ...BOOT, machine: { ...BOOT.machine, firmware }, varsFile: '/w/vars.fd' })

    expect(args.join(' ')).toContain(
      '--boot loader=/usr/OVMF_CODE.fd,loader.readonly=yes,loader.type=pflash,nvram=/w/vars.fd',
    )
    expect(args.join(' ')).not.toContain('/usr/OVMF_VARS.fd')
  })
})
