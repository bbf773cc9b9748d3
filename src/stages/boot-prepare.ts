import type { AcceleratorChoice } from '../host/accelerator.js'
import { rootPartition } from '../image/disk-layout.js'
import { directBootLine } from '../launch/direct-boot.js'
import { resolveLaunch } from '../launch/resolve-launch.js'
import type { Say } from '../model/events.js'
import type { Accelerator, DiskLayout } from '../model/image.js'
import type { DiskWish, LaunchConfig, LaunchDisk, LaunchFirmware, LaunchWishes } from '../model/launch.js'
import type { BootDisk, BootFiles } from './boot-files.js'
import type { BootFirmware } from './boot-firmware.js'
import { type ChosenForward, freeVsockCid } from './boot-ports.js'
import type { BootTestRequest, DirectBootWish } from './boot-request.js'

/** Everything is decided and its files are there. */
export interface PreparedBoot {
  readonly config: LaunchConfig
  /** Undefined for a machine that needs nothing of it, and is only shown. */
  readonly layout: DiskLayout | undefined
  readonly firmware: BootFirmware
  readonly accelWhy: string
  /** Undefined: none. */
  readonly limitMin: number | undefined
  /** Ports and the vsock context ID that were not asked for: another choice is as good. */
  readonly chosen: { readonly ports: readonly number[]; readonly vsockCid: boolean }
}

/** What this host gives to the guest. */
export interface BootMachineChoice {
  readonly accelerator: AcceleratorChoice
  readonly vcpus: number
  readonly memoryMiB: number
  readonly firmware: BootFirmware
  /** `vars` is the template. */
  readonly firmwareFiles: LaunchFirmware
  readonly forwards: readonly ChosenForward[]
}

/** A kernel to start directly; `root`: value of root= that the image's own boot loader gives to it. */
export interface ImageKernel {
  readonly kernel: string
  readonly initrd?: string
  readonly root?: string
}

export interface PrepareInput {
  readonly request: BootTestRequest
  readonly disk: BootDisk
  readonly layout: DiskLayout | undefined
  readonly machine: BootMachineChoice
  readonly files: BootFiles
  /** Of an image whose kernel is started without its boot loader. */
  readonly extractKernel: () => Promise<ImageKernel>
  readonly say: Say
}

/**
 * Decides the machine and has its files made: the throw-away layer over the image, the firmware's variables.
 *
 * @throws CvmError LAUNCH_INVALID, NO_SPACE, IMAGE_IN_USE, TOOL_FAILED.
 */
export async function prepareBoot(input: PrepareInput): Promise<PreparedBoot> {
  const { request, disk, layout, machine, files, say } = input
  const asked = request.launch.wishes
  const wishes = {
    ...asked,
    ...(await directBootWishes(directBootWish(request), input)),
    ...(await diskWishes(asked.disks, files)),
  }
  const config = resolveLaunch(wishes, {
    name: 'cvm-qemu-test',
    accel: machine.accelerator.accel,
    image: await files.layer(disk, 'layer'),
    firmware: await files.firmware(machine.firmwareFiles),
    vcpus: machine.vcpus,
    memoryMiB: machine.memoryMiB,
    freeVsockCid: freeVsockCid(),
    forwards: machine.forwards.map(({ hostPort, guestPort }) => ({ hostPort, guestPort })),
  })
  say({ type: 'step', text: machineLine(config, machine) })
  for (const text of networkLines(config)) say({ type: 'step', text })
  return {
    config,
    layout,
    firmware: machine.firmware,
    accelWhy: machine.accelerator.why,
    limitMin: request.limitMin === 'none' ? undefined : (request.limitMin ?? DEFAULT_LIMIT_MIN[config.accel]),
    chosen: {
      ports: machine.forwards.filter(({ chosen }) => chosen).map(({ hostPort }) => hostPort),
      vsockCid: asked.vsockCid === 'free',
    },
  }
}

/** A launch file with a kernel asks for a direct boot as -k does. */
export function directBootWish({ directBoot, launch }: BootTestRequest): DirectBootWish | undefined {
  if (directBoot !== undefined) return directBoot
  return launch.wishes.kernel === undefined ? undefined : { consoles: ['hvc0', 'ttyS0'] }
}

async function directBootWishes(
  direct: DirectBootWish | undefined,
  { request, layout, files, extractKernel }: PrepareInput,
): Promise<LaunchWishes> {
  if (direct === undefined) return {}
  const { kernel, initrd, cmdline } = request.launch.wishes
  const own: ImageKernel =
    kernel === undefined ? await extractKernel() : { kernel, ...(initrd === undefined ? {} : { initrd }) }
  const partition = layout === undefined ? undefined : rootPartition(layout)
  const line = directBootLine({
    ...(cmdline === undefined ? {} : { cmdline }),
    root: direct.root ?? own.root ?? (partition === undefined ? undefined : `PARTUUID=${partition.uuid}`),
    consoles: direct.consoles,
    ...(direct.append === undefined ? {} : { append: direct.append }),
  })
  const used = initrd ?? own.initrd
  return {
    kernel: await files.readable(own.kernel, 'kernel'),
    ...(used === undefined ? {} : { initrd: await files.readable(used, 'initrd') }),
    cmdline: line,
  }
}

/** No disk of somebody is written: each one gets a throw-away layer. */
async function diskWishes(disks: readonly DiskWish[] | undefined, files: BootFiles): Promise<LaunchWishes> {
  if (disks === undefined) return {}
  const layers: LaunchDisk[] = []
  for (const [index, { path, format, readOnly }] of disks.entries()) {
    layers.push({ ...(await files.layer({ path, format }, `disk${index + 2}`)), readOnly })
  }
  return { disks: layers }
}

function machineLine({ tee }: LaunchConfig, { firmware, accelerator }: BootMachineChoice): string {
  const { kind, why } = firmware
  const what = tee.kind === 'none' ? '' : `${tee.kind === 'tdx' ? 'TDX' : 'SEV-SNP'} guest; `
  return `${what}firmware: ${kind} (${why}); ${ACCEL_WORDS[accelerator.accel]} (${accelerator.why})`
}

/** What a person needs to reach the guest, one a line. */
export function networkLines({ network, vsockCid }: LaunchConfig): readonly string[] {
  const forwards = network.kind === 'user' ? network.forwards : []
  return [
    ...forwards.map(({ hostPort, guestPort }) => `port ${guestPort} of the guest: 127.0.0.1:${hostPort}`),
    ...(vsockCid === undefined ? [] : [`vsock context ID of the guest: ${vsockCid}`]),
  ]
}

const ACCEL_WORDS: Readonly<Record<Accelerator, string>> = { kvm: 'with KVM', tcg: 'in emulation' }
const DEFAULT_LIMIT_MIN: Readonly<Record<Accelerator, number>> = { kvm: 3, tcg: 10 }
