import { CvmError } from '../model/errors.js'
import type { LaunchLayer, LaunchWishes } from '../model/launch.js'
import type { DirectBootWish } from '../stages/boot-request.js'
import { launchLayersOf } from './launch-flags.js'
import type { MachineKind, QemuTestOptions } from './qemu-test-command.js'

/**
 * What the flags ask of the launch, the weakest first; what they do not say is left to the launch file and to the defaults.
 *
 * @throws {CvmError} USAGE for flags that contradict each other; LAUNCH_INVALID, IDENTITY_INVALID for files that they name.
 */
export async function layersOfFlags(options: QemuTestOptions): Promise<readonly LaunchLayer[]> {
  const { type, firmware, ovmf, quote, vsock, append: _, ...rest } = options
  return [
    ...kindLayers(type?.kind, firmware),
    ...quoteLayers(quote),
    ...(await launchLayersOf({
      ...rest,
      firmwareImage: ovmf,
      // Without a value.
      vsock: vsock === true ? { vsockCid: 'free' } : vsock,
    })),
  ]
}

/**
 * A direct boot is asked for with -b direct, or by naming a kernel.
 *
 * @throws {CvmError} USAGE for parts of a direct boot where there is none.
 */
export function directBootOf(options: QemuTestOptions): DirectBootWish | undefined {
  const direct = options.boot === 'direct' || (options.boot === undefined && options.kernel !== undefined)
  if (!direct) {
    const part = DIRECT_BOOT_PARTS.find((key) => options[key] !== undefined)
    if (part === undefined) return undefined
    const grub = options.boot === 'grub'
    const but = grub ? 'this is a boot by grub' : 'none is asked for'
    throw new CvmError('USAGE', `--${part} belongs to a direct boot, and ${but}`, {
      why: "the image's boot loader has a kernel, an initrd and arguments of its own",
      next: grub ? `Leave out -b grub or --${part}.` : 'Add -b direct.',
    })
  }
  return {
    ...(options.root === undefined ? {} : { root: options.root }),
    ...(options.append === undefined ? {} : { append: options.append }),
    consoles: options.serial === true ? ['ttyS0'] : ['hvc0', 'ttyS0'],
  }
}

/**
 * The limit in minutes, from one of -t, --timeout, --time.
 *
 * @throws {CvmError} USAGE when two of them differ.
 */
export function limitOf({ type, timeout, time }: QemuTestOptions): number | undefined {
  const given = [type?.minutes, timeout, time].filter((minutes) => minutes !== undefined)
  if (new Set(given).size > 1) throw new CvmError('USAGE', `two limits are given: ${given.join(' and ')} minutes`)
  return given[0]
}

/**
 * The path of -p.
 *
 * @throws {CvmError} USAGE for a number, which was a TCP port in qemu-test.sh, and for an empty path.
 */
export function monitorOf({ monitor }: QemuTestOptions): string | undefined {
  if (monitor !== undefined && /^\d*$/.test(monitor)) {
    throw new CvmError('USAGE', `-p ${monitor} is no path of a socket`, {
      why: "QEMU's monitor can do anything to the guest, and everybody on this machine reaches a TCP port",
      next: 'Give a path, such as -p /tmp/monitor, and connect: socat - UNIX-CONNECT:/tmp/monitor',
    })
  }
  return monitor
}

function kindLayers(kind: MachineKind | undefined, firmware: QemuTestOptions['firmware']): readonly LaunchLayer[] {
  const named = firmware === 'auto' ? undefined : firmware
  const ofKind = kind === undefined ? undefined : KINDS[kind]
  if (ofKind !== undefined && named !== undefined && ofKind.firmware !== named) {
    throw new CvmError('USAGE', `-t ${kind} and --firmware ${named} contradict each other`)
  }
  return [
    ...(ofKind === undefined ? [] : [{ origin: `-t ${kind}`, wishes: ofKind }]),
    ...(named === undefined ? [] : [{ origin: '--firmware', wishes: { firmware: named } }]),
  ]
}

function quoteLayers(quote: QemuTestOptions['quote']): readonly LaunchLayer[] {
  if (quote === undefined) return []
  const wishes = quote === 'vsock' ? ({ vsockCid: 'free' } as const) : { quoteService: QUOTE_SERVICE_OF_HOST }
  return [{ origin: '-q', wishes }]
}

const DIRECT_BOOT_PARTS = ['kernel', 'initrd', 'root', 'append', 'serial'] as const

/** legacy and efi are plain guests, whatever a launch file says. */
const KINDS: Readonly<Record<MachineKind, LaunchWishes>> = {
  legacy: { tee: 'none', firmware: 'bios' },
  efi: { tee: 'none', firmware: 'uefi' },
  td: { tee: 'tdx' },
  snp: { tee: 'snp' },
}

/** Intel's quote generation service listens there by default. Source: Intel SGX DCAP, qgs.conf. */
const QUOTE_SERVICE_OF_HOST = { kind: 'vsock', cid: 2, port: 4050 } as const
