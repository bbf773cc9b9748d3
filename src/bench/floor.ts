import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runToolOrFail } from '../host/run-tool.js'
import { chooseFirmware } from '../launch/firmware-choice.js'
import type { Accelerator } from '../model/image.js'

/** cloud-init as it is: everything it does by default, then the two commands, then a clean power-off. */
const USER_DATA = `#cloud-config
runcmd:
  - [update-initramfs, -u, -k, all]
  - [update-grub]
power_state: {mode: poweroff, timeout: 120}
`

/** Seconds of one plain boot of a UEFI guest, with QEMU alone and as many CPUs, memory and devices as a rewrite's machine has. */
export async function measureFloor(guest: string, dir: string, accel: Accelerator, cpu: string): Promise<number> {
  const { uefi } = await chooseFirmware()
  const [seed, iso, layer, vars] = ['user-data', 'floor.iso', 'floor.qcow2', 'floor-vars.fd'].map((name) =>
    join(dir, name),
  ) as [string, string, string, string]
  const metaData = join(dir, 'meta-data')
  await writeFile(seed, USER_DATA)
  await writeFile(metaData, 'instance-id: iid-floor\n')
  await runToolOrFail({
    tool: 'genisoimage',
    args: ['-quiet', '-output', iso, '-volid', 'cidata', '-joliet', '-rock', seed, metaData],
  })
  await runToolOrFail({ tool: 'qemu-img', args: ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', guest, layer] })
  await copyFile(uefi.vars, vars)
  const call = {
    tool: 'qemu-system-x86_64',
    args: [
      ['-machine', 'q35', '-accel', accel, '-cpu', cpu, '-smp', '2', '-m', '2048'],
      ['-nodefaults', '-display', 'none', '-serial', `file:${join(dir, 'floor-console.log')}`],
      [
        '-drive',
        `if=pflash,format=raw,unit=0,readonly=on,file=${uefi.code}`,
        '-drive',
        `if=pflash,format=raw,unit=1,file=${vars}`,
      ],
      [
        '-drive',
        `file=${layer},format=qcow2,if=virtio,discard=unmap,cache=unsafe`,
        '-drive',
        `file=${iso},format=raw,if=virtio,readonly=on`,
      ],
      ['-netdev', 'user,id=net', '-device', 'virtio-net-pci,netdev=net'],
      ['-object', 'rng-random,id=rng,filename=/dev/urandom', '-device', 'virtio-rng-pci,rng=rng'],
    ].flat(),
  }
  const result = await runToolOrFail(call, { timeoutMs: LIMIT_MS })
  return result.seconds
}

const LIMIT_MS = 60 * 60_000
