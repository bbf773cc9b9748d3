import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, resolve } from 'node:path'
import { type AcceleratorChoice, probeAccelerator } from '../host/accelerator.js'
import { findTool } from '../host/find-tool.js'
import { makeScratch } from '../host/scratch.js'
import { inspectInput } from '../image/inspect-input.js'
import { readDiskLayout } from '../image/read-layout.js'
import { fitLaunch } from '../launch/fit-launch.js'
import { resolveLaunch } from '../launch/resolve-launch.js'
import { assertNoStrayWishes } from '../launch/stray-wishes.js'
import { CvmError } from '../model/errors.js'
import type { Accelerator, InputImage } from '../model/image.js'
import type { LaunchConfig, LaunchLayer, LaunchWishes, QemuFlavour, SettledLaunch } from '../model/launch.js'
import { IDENTITY_KEYS } from '../model/launch-keys.js'
import { launchFileOf } from '../model/output-names.js'
import { freeVsockCid, withFreePorts } from './boot-ports.js'
import { type LaunchFile, readLaunchFile, writtenForAnother } from './launch-file.js'
import { type FoundFirmware, launchFirmware } from './launch-firmware.js'
import { askQemu } from './qemu-abilities.js'

export interface LaunchRequest {
  /** As typed; absent: the image that the launch file names. */
  readonly image: string | undefined
  readonly launchFile: string | undefined
  /** The strongest. */
  readonly flags: readonly LaunchLayer[]
  readonly accel: Accelerator | 'auto'
  readonly flavour: QemuFlavour | undefined
  /** Of the machine; absent: that of the image. */
  readonly name: string | undefined
}

/** A launch of an image with every value decided, and where each is from. */
export interface ImageLaunch {
  /** Of UEFI variables it names the template. */
  readonly config: LaunchConfig
  readonly flavour: QemuFlavour
  readonly settled: SettledLaunch
  readonly firmware: FoundFirmware
  readonly accelerator: AcceleratorChoice
  /** For people: what was read, what was chosen. */
  readonly notes: readonly string[]
}

/**
 * Decides how an image is launched: flags before the launch file, that before output.launch.json beside the image, that before the
 * defaults. Nothing is written or started.
 *
 * @throws {CvmError} USAGE without an image; LAUNCH_INVALID, IDENTITY_INVALID, FIRMWARE_MISSING, KVM_UNUSABLE; INPUT_*, IMAGE_*.
 */
export async function planImageLaunch(request: LaunchRequest): Promise<ImageLaunch> {
  const file = request.launchFile === undefined ? undefined : await readLaunchFile(request.launchFile)
  const path = request.image ?? file?.image
  if (path === undefined) {
    throw new CvmError('USAGE', 'no image', { next: 'Give one: cvm-rewrite launch -i output.qcow2 --format script' })
  }
  const image = await inspectInput(resolve(path))
  const beside = await fileBeside(image.path, file)
  const settled = fitLaunch([...(beside?.layers ?? []), ...(file?.layers ?? []), ...request.flags])
  const { wishes } = settled
  // Without protection there is a note: an image is often started so before it is started for good.
  if (wishes.tee === 'tdx' || wishes.tee === 'snp') {
    assertNoStrayWishes(settled, new Set(request.flags.map(({ origin }) => origin)))
  }
  const [firmware, accelerator, qemu] = await Promise.all([
    launchFirmware(settled, await hasEsp(image)),
    chooseAccelerator(request.accel, wishes),
    qemuFlavour(request.flavour, wishes),
  ])
  const forwards = await withFreePorts(wishes.forwards ?? [])
  const config = resolveLaunch(wishes, {
    name: request.name ?? nameOf(image.path),
    accel: accelerator.accel,
    image: { path: image.path, format: image.format, readOnly: false, throwAway: false },
    firmware: firmware.firmware,
    vcpus: DEFAULT_VCPUS,
    memoryMiB: DEFAULT_MEMORY_MIB,
    freeVsockCid: freeVsockCid(),
    forwards,
  })
  return {
    config,
    flavour: qemu.flavour,
    settled,
    firmware,
    accelerator,
    notes: [...(await besideNotes(beside, image.path)), ...qemu.notes, ...chosenNotes(wishes, config)],
  }
}

/** The one that the rewrite has written, unless it is the one that was given anyway. */
async function fileBeside(imagePath: string, given: LaunchFile | undefined): Promise<LaunchFile | undefined> {
  const path = launchFileOf(imagePath)
  return existsSync(path) && path !== given?.path ? await readLaunchFile(path) : undefined
}

async function besideNotes(beside: LaunchFile | undefined, imagePath: string): Promise<readonly string[]> {
  if (beside === undefined) return []
  const other = await writtenForAnother(beside, imagePath)
  return [`${beside.path} lies beside the image and is taken`, ...(other === undefined ? [] : [other])]
}

async function hasEsp({ path, format }: InputImage): Promise<boolean> {
  await using scratch = await makeScratch(tmpdir(), 'cvm-look', 0o700)
  return (await readDiskLayout({ path, format }, scratch.path)).hasEsp
}

async function chooseAccelerator(asked: LaunchRequest['accel'], { tee }: LaunchWishes): Promise<AcceleratorChoice> {
  if (tee !== 'tdx' && tee !== 'snp') return await probeAccelerator(asked)
  if (asked === 'tcg')
    throw new CvmError('LAUNCH_INVALID', 'confidential guests are never emulated; leave --accel tcg out')
  return { accel: 'kvm', why: 'confidential guests have no other' }
}

/** Only TDX is spelled in two ways; another host may have another QEMU. */
async function qemuFlavour(
  asked: QemuFlavour | undefined,
  { tee }: LaunchWishes,
): Promise<{ readonly flavour: QemuFlavour; readonly notes: readonly string[] }> {
  if (asked !== undefined || tee !== 'tdx') return { flavour: asked ?? 'upstream', notes: [] }
  const abilities = (await findTool('qemu-system-x86_64')) === undefined ? undefined : await askQemu()
  if (abilities?.tdx !== undefined) return { flavour: abilities.tdx, notes: [] }
  const what =
    abilities === undefined ? 'there is no QEMU here' : `QEMU ${abilities.version ?? ''} of this host has no TDX`
  return {
    flavour: 'upstream',
    notes: [`${what}: written for QEMU 10.1 or later; --qemu-flavour fork for older trees`],
  }
}

function chosenNotes(wishes: LaunchWishes, { network, vsockCid, tee }: LaunchConfig): readonly string[] {
  const forwards = network.kind === 'user' ? network.forwards : []
  return [
    ...forwards
      .filter((_, index) => wishes.forwards?.[index]?.hostPort === 0)
      .map(({ hostPort, guestPort }) => `port ${guestPort} of the guest is 127.0.0.1:${hostPort}, which is free now`),
    ...(wishes.vsockCid === 'free' ? [`the guest has the vsock context id ${vsockCid}, chosen at random`] : []),
    ...(tee.kind === 'snp'
      ? [`cbitpos=${tee.cbitpos}, reduced-phys-bits=${tee.reducedPhysBits} are those of today's EPYC processors`]
      : []),
    ...(tee.kind === 'none' && hasIdentity(wishes)
      ? ['the launch identity is of no use here: nothing protects this guest (--tee tdx or snp)']
      : []),
  ]
}

function hasIdentity(wishes: LaunchWishes): boolean {
  return IDENTITY_KEYS.some((key) => wishes[key] !== undefined)
}

/** Letters, digits, dashes and dots of the image's name, for ps and virsh. */
function nameOf(imagePath: string): string {
  const name = basename(imagePath)
    .replace(/\.(?:qcow2|img|raw)$/i, '')
    .replace(/[^A-Za-z0-9.-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 60)
  return name === '' ? 'guest' : name
}

const DEFAULT_VCPUS = 2
const DEFAULT_MEMORY_MIB = 2048
