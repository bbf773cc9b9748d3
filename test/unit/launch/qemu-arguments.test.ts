import { describe, expect, it } from 'vitest'
import { qemuArguments } from '../../../src/launch/qemu-arguments.js'
import type { LaunchConfig, LaunchWiring } from '../../../src/model/launch.js'

const PLAIN: LaunchConfig = {
  name: 'test',
  accel: 'tcg',
  vcpus: 2,
  memoryMiB: 2048,
  tee: { kind: 'none' },
  hugepages: false,
  firmware: { kind: 'bios' },
  disks: [{ path: '/scratch/layer.qcow2', format: 'qcow2', readOnly: false, throwAway: true }],
  network: { kind: 'user', forwards: [] },
  tpm: false,
}
const WIRING: LaunchWiring = { kind: 'sockets', serialPorts: ['/scratch/ttyS0'], monitor: '/scratch/monitor' }

/** One option and its value a line, as a person writes it. */
function shown(config: LaunchConfig, wiring: LaunchWiring): string {
  return qemuArguments(config, wiring)
    .join(' ')
    .replaceAll(/ -(?=[a-z]|S$)/gi, '\n-')
}

describe('qemuArguments', () => {
  it('describes a BIOS guest under emulation', () => {
    expect(shown(PLAIN, WIRING)).toBe(
      `-name guest=test
-nodefaults
-no-user-config
-display none
-machine q35,graphics=off
-accel tcg,thread=multi
-cpu max,la57=off,erms=off,smap=off,pku=off
-smp 2
-m 2048M
-boot menu=off,strict=on
-blockdev driver=qcow2,node-name=disk0,discard=unmap,cache.no-flush=on,file.cache.no-flush=on,file.driver=file,file.filename=/scratch/layer.qcow2
-device virtio-blk-pci,drive=disk0,bootindex=1
-netdev user,id=net0,restrict=off
-device virtio-net-pci,netdev=net0,romfile=
-object rng-builtin,id=rng0
-device virtio-rng-pci,rng=rng0
-chardev socket,id=serial0,path=/scratch/ttyS0
-serial chardev:serial0
-chardev socket,id=monitor,path=/scratch/monitor
-mon chardev=monitor,mode=control
-S`,
    )
  })

  it('describes a UEFI guest with KVM, two serial ports and a virtio console', () => {
    const config: LaunchConfig = {
      ...PLAIN,
      accel: 'kvm',
      firmware: { kind: 'uefi', code: '/usr/share/OVMF/CODE.fd', vars: '/scratch/vars.fd', format: 'raw', smm: false },
      disks: [{ path: '/scratch/d.raw', format: 'raw', readOnly: false, throwAway: false }],
      network: { kind: 'none' },
    }
    const wiring: LaunchWiring = {
      ...WIRING,
      serialPorts: ['/scratch/ttyS0', '/scratch/ttyS1'],
      virtioConsole: '/scratch/hvc0',
    }

    expect(shown(config, wiring)).toBe(
      `-name guest=test
-nodefaults
-no-user-config
-display none
-machine q35,graphics=off
-accel kvm
-cpu host
-smp 2
-m 2048M
-drive if=pflash,unit=0,format=raw,readonly=on,file=/usr/share/OVMF/CODE.fd
-drive if=pflash,unit=1,format=raw,file=/scratch/vars.fd
-boot menu=off,strict=on
-blockdev driver=raw,node-name=disk0,discard=unmap,file.driver=file,file.filename=/scratch/d.raw
-device virtio-blk-pci,drive=disk0,bootindex=1
-nic none
-object rng-builtin,id=rng0
-device virtio-rng-pci,rng=rng0
-chardev socket,id=serial0,path=/scratch/ttyS0
-serial chardev:serial0
-chardev socket,id=serial1,path=/scratch/ttyS1
-serial chardev:serial1
-device virtio-serial-pci
-chardev socket,id=hvc0,path=/scratch/hvc0
-device virtconsole,chardev=hvc0
-chardev socket,id=monitor,path=/scratch/monitor
-mon chardev=monitor,mode=control
-S`,
    )
  })

  it('doubles the commas of every path', () => {
    const config: LaunchConfig = {
      ...PLAIN,
      firmware: { kind: 'uefi', code: '/a,b/code', vars: '/a,b/vars', format: 'raw', smm: false },
      disks: [{ path: '/a,b/disk', format: 'raw', readOnly: false, throwAway: true }],
    }
    const wiring: LaunchWiring = {
      kind: 'sockets',
      serialPorts: ['/a,b/ttyS0'],
      virtioConsole: '/a,b/hvc0',
      monitor: '/a,b/monitor',
    }
    const args = qemuArguments(config, wiring).join(' ')

    expect(args.match(/\/a,,b\//g)).toHaveLength(6)
    expect(args).not.toMatch(/\/a,b\//)
  })
})
