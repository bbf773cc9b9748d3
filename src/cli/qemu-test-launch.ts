import { resolve } from 'node:path'
import { CvmError } from '../model/errors.js'
import type { LaunchWishes } from '../model/launch.js'
import type { DirectBootWish } from '../stages/boot-request.js'
import type { MachineKind, QemuTestOptions } from './qemu-test-command.js'

/**
 * What the flags ask of the launch; absent keys are left to the launch file and to the defaults.
 *
 * @throws {CvmError} USAGE for flags that contradict each other.
 */
export function launchOfFlags(options: QemuTestOptions): LaunchWishes {
  const wishes = {
    ...kindOf(options),
    ...firmwareOf(options),
    vcpus: options.vcpus,
    memoryMiB: options.memory,
    hugepages: options.hugepages,
    tpm: options.tpm,
    cidr: options.net,
    dhcpStart: options.dhcpStart,
    mac: options.mac?.toLowerCase(),
    forwards: options.sshPort === undefined ? undefined : [{ hostPort: options.sshPort, guestPort: 22 }],
    kernel: absolute(options.kernel),
    initrd: absolute(options.initrd),
    vsockCid: vsockOf(options),
    quoteService: options.quote === 'tdvmcall' ? QUOTE_SERVICE_OF_HOST : undefined,
    debug: options.debug,
    mrowner: options.mrowner,
    mrconfigid: options.mrconfigid,
    mrownerconfig: options.mrownerconfig,
    hostData: options.hostData,
  }
  return withoutUndefined(wishes)
}

/**
 * A direct boot is asked for with -b direct, or by naming a kernel.
 *
 * @throws {CvmError} USAGE for a boot by grub with parts of a direct one.
 */
export function directBootOf(options: QemuTestOptions): DirectBootWish | undefined {
  const direct = options.boot === 'direct' || (options.boot === undefined && options.kernel !== undefined)
  if (!direct) {
    const part = (['kernel', 'initrd', 'root', 'append', 'serial'] as const).find((key) => options[key] !== undefined)
    if (part === undefined) return undefined
    throw new CvmError(
      'USAGE',
      `--${part} is of a direct boot, and ${options.boot === 'grub' ? 'this is one by grub' : 'none is asked for'}`,
      {
        why: "the image's boot loader has its own kernel, initrd and arguments",
        next: options.boot === 'grub' ? `Leave out -b grub or --${part}.` : 'Add -b direct.',
      },
    )
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

function kindOf({ type, firmware }: QemuTestOptions): LaunchWishes {
  const kind = type?.kind
  const named = firmware === 'auto' ? undefined : firmware
  const ofKind = kind === undefined ? {} : KINDS[kind]
  if (named === undefined) return ofKind
  if (kind !== undefined && KINDS[kind].firmware !== named) {
    throw new CvmError('USAGE', `-t ${kind} and --firmware ${named} contradict each other`)
  }
  return { ...ofKind, firmware: named }
}

function firmwareOf({ ovmf, secureBoot, type }: QemuTestOptions): LaunchWishes {
  if (type?.kind === 'legacy' && (ovmf !== undefined || secureBoot === true)) {
    throw new CvmError('USAGE', `-t legacy is a BIOS: it has no ${ovmf === undefined ? 'Secure Boot' : 'OVMF'}`)
  }
  return withoutUndefined({ firmwareImage: absolute(ovmf), secureBoot })
}

function vsockOf({ vsock, quote }: QemuTestOptions): number | 'free' | undefined {
  if (typeof vsock === 'number') return vsock
  return vsock === true || quote === 'vsock' ? 'free' : undefined
}

function absolute(path: string | undefined): string | undefined {
  if (path === '') throw new CvmError('USAGE', 'an empty path was given')
  return path === undefined ? undefined : resolve(path)
}

function withoutUndefined(
  wishes: { readonly [Key in keyof LaunchWishes]: LaunchWishes[Key] | undefined },
): LaunchWishes {
  // Only keys with a value are left.
  return Object.fromEntries(Object.entries(wishes).filter(([, value]) => value !== undefined)) as LaunchWishes
}

/** legacy and efi are plain guests, whatever a launch file says. */
const KINDS: Readonly<Record<MachineKind, LaunchWishes>> = {
  legacy: { tee: 'none', firmware: 'bios' },
  efi: { tee: 'none', firmware: 'uefi' },
  td: { tee: 'tdx' },
  snp: { tee: 'snp' },
}

/** Intel's quote generation service listens there by default. Source: Intel SGX DCAP, qgs.conf. */
const QUOTE_SERVICE_OF_HOST = { kind: 'vsock', cid: 2, port: 4050 } as const
