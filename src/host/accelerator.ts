import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CvmError } from '../model/errors.js'
import type { Account } from '../model/host.js'
import type { Accelerator } from '../model/image.js'
import { canReach } from './accounts.js'
import { runTool } from './run-tool.js'
import { makeScratch } from './scratch.js'

export interface AcceleratorChoice {
  readonly accel: Accelerator
  /** A sentence for the person. */
  readonly why: string
}

/**
 * KVM or emulation. KVM is believed only after a tiny guest has run under it: /dev/kvm may open and libvirt may list kvm
 * although guests abort or hang.
 *
 * @throws {CvmError} KVM_UNUSABLE when `kvm` was asked for.
 */
export async function probeAccelerator(asked: 'auto' | Accelerator, as?: Account): Promise<AcceleratorChoice> {
  if (asked === 'tcg') return { accel: 'tcg', why: 'asked for with --accel tcg' }
  const obstacle = await whyNoKvm(as)
  if (obstacle === undefined) return { accel: 'kvm', why: 'a probe guest ran under KVM' }
  if (asked === 'kvm') throw new CvmError('KVM_UNUSABLE', 'KVM cannot be used here', { why: obstacle })
  return { accel: 'tcg', why: obstacle }
}

async function whyNoKvm(as: Account | undefined): Promise<string | undefined> {
  if (!existsSync('/dev/kvm')) return 'there is no /dev/kvm on this machine'
  if (!(await canReach('/dev/kvm', 'rw', as))) {
    return `/dev/kvm is there, but ${as?.name ?? 'this user'} may not open it (it usually takes the group kvm)`
  }
  await using scratch = await makeScratch('/tmp', 'cvm-probe', 0o755)
  const disk = join(scratch.path, 'probe.img')
  await writeFile(disk, probeSector(), { mode: 0o644 })
  const result = await runTool(probeCall(disk), {
    timeoutMs: PROBE_LIMIT_MS,
    graceMs: 500,
    ...(as === undefined ? {} : { as }),
  }).catch((error: unknown) => {
    if (error instanceof CvmError && error.code === 'TOOL_TIMED_OUT') return undefined
    throw error
  })
  if (result?.exitCode === PROBE_EXIT_CODE) return undefined
  return '/dev/kvm opens, but a probe guest did not run under it'
}

/** With the machine and CPU model that a run under KVM uses. */
function probeCall(disk: string): { tool: string; args: string[] } {
  return {
    tool: 'qemu-system-x86_64',
    args: [
      ['-accel', 'kvm', '-cpu', 'host', '-machine', 'q35', '-m', '64'],
      ['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
      ['-device', `isa-debug-exit,iobase=0x${EXIT_PORT.toString(16)},iosize=4`],
      ['-drive', `file=${disk},format=raw,if=virtio,readonly=on`],
    ].flat(),
  }
}

/** A boot sector that writes to the debug-exit port: mov al, imm8; out imm8, al; hlt; jmp to hlt. */
function probeSector(): Buffer {
  const sector = Buffer.alloc(512)
  Buffer.from([0xb0, EXIT_VALUE, 0xe6, EXIT_PORT, 0xf4, 0xeb, 0xfd]).copy(sector)
  sector.writeUInt16LE(0xaa55, 510)
  return sector
}

const EXIT_PORT = 0xf4
const EXIT_VALUE = 0x31
/** isa-debug-exit: (value << 1) | 1 (QEMU, hw/misc/debugexit.c). */
const PROBE_EXIT_CODE = (EXIT_VALUE << 1) | 1
const PROBE_LIMIT_MS = 5_000
