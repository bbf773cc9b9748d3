import { existsSync } from 'node:fs'
import { type AcceleratorChoice, probeAccelerator } from '../host/accelerator.js'
import { canReach } from '../host/accounts.js'
import { readTeeFacts } from '../host/tee-facts.js'
import { teeObstacles } from '../launch/tee-obstacles.js'
import { CvmError } from '../model/errors.js'
import type { Account } from '../model/host.js'
import type { Accelerator, DiskLayout } from '../model/image.js'
import type { LaunchWishes, Tee } from '../model/launch.js'
import { chooseBootFirmware, chooseFirmwareKind, teeFirmware } from './boot-firmware.js'
import { qemuHere } from './boot-flavour.js'
import { chooseForwards } from './boot-ports.js'
import { type BootMachineChoice, directBootWish } from './boot-prepare.js'
import type { BootTestRequest } from './boot-request.js'
import { memoryFor, vcpusFor } from './boot-test-size.js'
import { assertStartable } from './startable.js'

/**
 * Chooses what this host gives to the guest, and refuses what it cannot give.
 *
 * @throws CvmError HOST_TOO_SMALL, GUEST_NOT_BOOTABLE, FIRMWARE_MISSING, KVM_UNUSABLE, VSOCK_UNAVAILABLE, LAUNCH_INVALID.
 */
export async function chooseMachine(
  request: BootTestRequest,
  layout: DiskLayout,
  account: Account | undefined,
): Promise<BootMachineChoice> {
  const { wishes } = request.launch
  const vcpus = vcpusFor(wishes.vcpus)
  const memoryMiB = memoryFor(wishes.memoryMiB, wishes.hugepages === true)
  const firmware = chooseFirmwareKind(wishes, layout.hasEsp)
  if (directBootWish(request) === undefined) assertStartable(firmware.kind, layout)
  const firmwareFiles = await chooseBootFirmware(wishes, firmware)
  if (wishes.vsockCid !== undefined) await assertVsock(account)
  const forwards = await chooseForwards(wishes, request.sshPort)
  return { accelerator: await chooseAccelerator(request, account), vcpus, memoryMiB, firmware, firmwareFiles, forwards }
}

/**
 * Refuses a confidential guest that this host cannot start, with everything that is missing; needs nothing of the image, and well
 * under a second.
 *
 * @throws CvmError TEE_UNAVAILABLE.
 */
export async function assertTeeAvailable(wishes: LaunchWishes): Promise<void> {
  const { tee } = wishes
  if (tee !== 'tdx' && tee !== 'snp') return
  const [facts, qemu, firmware] = await Promise.all([readTeeFacts(), qemuHere(), teeFirmware(tee, wishes)])
  const obstacles = teeObstacles(tee, { facts, qemu, firmware })
  if (obstacles.length === 0) return
  const name = tee === 'tdx' ? 'TDX' : 'SEV-SNP'
  throw new CvmError('TEE_UNAVAILABLE', `this machine cannot start ${name} guests`, { lines: obstacles })
}

async function chooseAccelerator(request: BootTestRequest, account: Account | undefined): Promise<AcceleratorChoice> {
  const ofTee = teeAccelerator(request.launch.wishes.tee, request.accel)
  return ofTee ?? (await probeAccelerator(request.accel, account))
}

/**
 * Confidential guests run under KVM, and no plain probe guest could tell more of it; undefined for other guests.
 *
 * @throws CvmError LAUNCH_INVALID when emulation is asked for.
 */
export function teeAccelerator(tee: Tee | undefined, asked: Accelerator | 'auto'): AcceleratorChoice | undefined {
  if (tee !== 'tdx' && tee !== 'snp') return undefined
  if (asked === 'tcg') throw new CvmError('LAUNCH_INVALID', 'confidential guests are never emulated')
  return { accel: 'kvm', why: 'confidential guests have no other' }
}

async function assertVsock(account: Account | undefined): Promise<void> {
  if (existsSync(VHOST_VSOCK) && (await canReach(VHOST_VSOCK, 'rw', account))) return
  const there = existsSync(VHOST_VSOCK)
  throw new CvmError('VSOCK_UNAVAILABLE', 'this machine cannot give a guest a vsock device', {
    why: there ? `${account?.name ?? 'this user'} may not open ${VHOST_VSOCK}` : `there is no ${VHOST_VSOCK}`,
    ...(there ? { next: `Give that account the group of ${VHOST_VSOCK}, usually kvm.` } : {}),
  })
}

const VHOST_VSOCK = '/dev/vhost-vsock'
