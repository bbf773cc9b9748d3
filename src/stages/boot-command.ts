import { accessSync, constants } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { makeScratch } from '../host/scratch.js'
import { formatOf } from '../image/inspect-input.js'
import { readDiskLayout } from '../image/read-layout.js'
import { readFileStart } from '../image/read-start.js'
import { qemuArguments } from '../launch/qemu-arguments.js'
import { CvmError } from '../model/errors.js'
import type { Say } from '../model/events.js'
import type { ToolCall } from '../model/host.js'
import type { DiskLayout } from '../model/image.js'
import type { LaunchFirmware, LaunchWishes } from '../model/launch.js'
import { qemuSystemCall } from '../tools/qemu-system.js'
import { namingFiles } from './boot-files.js'
import { type BootFirmware, chooseBootFirmware, chooseFirmwareKind } from './boot-firmware.js'
import { qemuFlavour } from './boot-flavour.js'
import { teeAccelerator } from './boot-host.js'
import { bootSockets } from './boot-machine.js'
import { chooseForwards } from './boot-ports.js'
import { type BootMachineChoice, directBootWish, prepareBoot } from './boot-prepare.js'
import type { BootTestRequest } from './boot-request.js'
import { assertBootResultPlaces } from './boot-results.js'
import { usualMemoryMiB, usualVcpus } from './boot-test-size.js'
import { readExpectations } from './expect/read-expectations.js'

/**
 * The call of QEMU that a boot test would make, also where it could not run. No guest is started and no file is left: the files
 * in it would be in a directory of the test's own, whose name here ends with XXXXXXXX.
 *
 * @throws CvmError for an image that is not there or has no partition table where it decides; LAUNCH_INVALID, EXPECTATIONS_INVALID.
 */
export async function bootCommand(request: BootTestRequest, say: Say): Promise<ToolCall> {
  const expected = await readExpectations(request.expectations)
  await assertBootResultPlaces(request)
  const path = resolve(request.image)
  const format = formatOf(path, await readFileStart(path))
  const layout = needsLayout(request) ? await layoutOf({ path, format }) : undefined
  const scratchDir = join(tmpdir(), 'cvm-qemu-test-XXXXXXXX')
  const { config } = await prepareBoot({
    request,
    disk: { path, format },
    layout,
    machine: await likelyMachine(request, layout, say),
    files: namingFiles(scratchDir),
    extractKernel: async () => ({ kernel: join(scratchDir, 'kernel'), initrd: join(scratchDir, 'initrd') }),
    say,
  })
  const wiring = bootSockets(scratchDir, {
    probe: expected.length > 0 || (config.tpm && request.saveLogDir !== undefined),
    humanMonitor: request.humanMonitor !== undefined,
    ...(config.tpm ? { tpm: join(scratchDir, 'tpm/socket') } : {}),
  })
  return qemuSystemCall(qemuArguments(config, wiring, await qemuFlavour(request)), undefined)
}

/** Does the partition table decide something? */
function needsLayout(request: BootTestRequest): boolean {
  const { tee, firmware, cmdline } = request.launch.wishes
  const direct = directBootWish(request)
  const root = direct !== undefined && direct.root === undefined && cmdline === undefined
  const kind = firmware === undefined && tee !== 'tdx' && tee !== 'snp'
  return root || kind
}

async function layoutOf(image: Parameters<typeof readDiskLayout>[0]): Promise<DiskLayout> {
  await using scratch = await makeScratch(tmpdir(), 'cvm-qemu-test', 0o700)
  return await readDiskLayout(image, scratch.path)
}

/** As a host would have it that can do what is asked. */
async function likelyMachine(
  request: BootTestRequest,
  layout: DiskLayout | undefined,
  say: Say,
): Promise<BootMachineChoice> {
  const { wishes } = request.launch
  const firmware = chooseFirmwareKind(wishes, layout?.hasEsp === true)
  return {
    accelerator: likelyAccelerator(request),
    vcpus: wishes.vcpus ?? usualVcpus(),
    memoryMiB: wishes.memoryMiB ?? usualMemoryMiB(),
    firmware,
    firmwareFiles: await likelyFirmware(wishes, firmware, say),
    forwards: await chooseForwards(wishes, request.sshPort, { check: false }),
  }
}

function likelyAccelerator({ accel, launch }: BootTestRequest): BootMachineChoice['accelerator'] {
  const ofTee = teeAccelerator(launch.wishes.tee, accel)
  if (ofTee !== undefined) return ofTee
  if (accel !== 'auto') return { accel, why: `asked for with --accel ${accel}` }
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK)
    return { accel: 'kvm', why: '/dev/kvm opens; whether guests run under it is not tried here' }
  } catch {
    return { accel: 'tcg', why: 'this user cannot open /dev/kvm' }
  }
}

async function likelyFirmware(wishes: LaunchWishes, firmware: BootFirmware, say: Say): Promise<LaunchFirmware> {
  try {
    return await chooseBootFirmware(wishes, firmware)
  } catch (error) {
    if (!(error instanceof CvmError) || error.code !== 'FIRMWARE_MISSING') throw error
    say({ type: 'warning', text: `${error.message}; it is shown where Debian has it` })
    const confidential = wishes.tee === 'tdx' || wishes.tee === 'snp'
    return confidential ? DEBIANS_ROM : { ...DEBIANS_FLASH, smm: wishes.secureBoot === true }
  }
}

const DEBIANS_ROM: LaunchFirmware = { kind: 'rom', path: '/usr/share/ovmf/OVMF.fd' }
const DEBIANS_FLASH = {
  kind: 'uefi',
  code: '/usr/share/OVMF/OVMF_CODE_4M.fd',
  vars: '/usr/share/OVMF/OVMF_VARS_4M.fd',
  format: 'raw',
} as const
