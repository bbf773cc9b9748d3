import { CvmError } from '../model/errors.js'
import type { Accelerator } from '../model/image.js'
import type {
  DirectBoot,
  LaunchConfig,
  LaunchDisk,
  LaunchFirmware,
  LaunchNetwork,
  LaunchTee,
  LaunchWishes,
  PortForward,
} from '../model/launch.js'
import { DEFAULT_SNP_POLICY, policyText } from '../model/snp-policy.js'
import { policyOf } from './id-block-fit.js'
import { hasAuthorKey } from './identity/id-auth.js'

/** What the machine and the image decide, found out before. */
export interface LaunchFindings {
  readonly name: string
  readonly accel: Accelerator
  readonly image: LaunchDisk
  readonly firmware: LaunchFirmware
  /** For those who asked for neither. */
  readonly vcpus: number
  readonly memoryMiB: number
  /** For `vsockCid: free`. */
  readonly freeVsockCid?: number
  /** With free ports chosen. */
  readonly forwards: readonly PortForward[]
  /** Properties of this host's CPU that SEV-SNP needs; the values of today's EPYC when it cannot be asked. */
  readonly snpCpu?: { readonly cbitpos: number; readonly reducedPhysBits: number }
}

/**
 * Decides every value of a launch. Pure.
 *
 * @throws {CvmError} LAUNCH_INVALID for wishes that do not go together.
 */
export function resolveLaunch(wishes: LaunchWishes, found: LaunchFindings): LaunchConfig {
  const directBoot = resolveDirectBoot(wishes)
  const vsockCid = wishes.vsockCid === 'free' ? found.freeVsockCid : wishes.vsockCid
  return {
    name: found.name,
    accel: found.accel,
    tee: resolveTee(wishes, found),
    vcpus: wishes.vcpus ?? found.vcpus,
    memoryMiB: wishes.memoryMiB ?? found.memoryMiB,
    hugepages: wishes.hugepages ?? false,
    firmware: found.firmware,
    ...(directBoot === undefined ? {} : { directBoot }),
    disks: [found.image, ...(wishes.disks ?? []).map((disk) => ({ ...disk, throwAway: false }))],
    network: resolveNetwork(wishes, found.forwards),
    ...(vsockCid === undefined ? {} : { vsockCid }),
    tpm: wishes.tpm ?? false,
    ...(wishes.bootMenuWaitSeconds === undefined ? {} : { bootMenuWaitSeconds: wishes.bootMenuWaitSeconds }),
  }
}

function resolveDirectBoot({ kernel, initrd, cmdline }: LaunchWishes): DirectBoot | undefined {
  if (kernel !== undefined) return { kernel, ...(initrd === undefined ? {} : { initrd }), cmdline: cmdline ?? '' }
  if (initrd === undefined && cmdline === undefined) return undefined
  const what = initrd === undefined ? 'a kernel command line' : 'an initrd'
  throw new CvmError('LAUNCH_INVALID', `${what} is given without a kernel`, {
    why: 'they belong to a direct boot; the image has its own of both',
    next: 'Give the kernel as well.',
  })
}

function resolveTee(wishes: LaunchWishes, found: LaunchFindings): LaunchTee {
  const { mrowner, mrconfigid, mrownerconfig, quoteService, hostData, idBlock, idAuth } = wishes
  if (wishes.tee === 'tdx') {
    return {
      kind: 'tdx',
      ...(mrowner === undefined ? {} : { mrowner }),
      ...(mrconfigid === undefined ? {} : { mrconfigid }),
      ...(mrownerconfig === undefined ? {} : { mrownerconfig }),
      ...(quoteService === undefined ? {} : { quoteService }),
      debug: wishes.debug ?? false,
    }
  }
  if (wishes.tee !== 'snp') return { kind: 'none' }
  if ((idBlock === undefined) !== (idAuth === undefined)) {
    throw new CvmError('LAUNCH_INVALID', 'an ID block and its ID auth structure are only of use together')
  }
  return {
    kind: 'snp',
    policy: wishes.policy ?? policyText(idBlock === undefined ? DEFAULT_SNP_POLICY : policyOf(idBlock)),
    ...(hostData === undefined ? {} : { hostData }),
    ...(idBlock === undefined ? {} : { idBlock }),
    ...(idAuth === undefined ? {} : { idAuth }),
    authorKey: idAuth !== undefined && hasAuthorKey(Buffer.from(idAuth, 'hex')),
    kernelHashes: wishes.kernelHashes ?? wishes.kernel !== undefined,
    cpu: wishes.snpCpu ?? DEFAULT_SNP_CPU,
    ...(found.snpCpu ?? USUAL_SNP_CPU),
  }
}

function resolveNetwork(wishes: LaunchWishes, forwards: readonly PortForward[]): LaunchNetwork {
  const mac = wishes.mac === undefined ? {} : { mac: wishes.mac }
  const kind = wishes.network ?? (wishes.bridge === undefined ? 'user' : 'bridge')
  if (kind === 'none') return { kind }
  if (kind === 'bridge') {
    if (wishes.bridge === undefined) throw new CvmError('LAUNCH_INVALID', 'the network is a bridge, and none is named')
    return { kind, bridge: wishes.bridge, ...mac }
  }
  const { cidr, dhcpStart } = wishes
  return {
    kind,
    ...(cidr === undefined ? {} : { cidr }),
    ...(dhcpStart === undefined ? {} : { dhcpStart }),
    ...mac,
    forwards,
  }
}

/** The newest model that QEMU 9.1 has for every EPYC that knows SEV-SNP. */
const DEFAULT_SNP_CPU = 'EPYC-v4'
/** Of all EPYC generations with SEV-SNP so far. Source: QEMU, docs/system/i386/amd-memory-encryption.rst. */
const USUAL_SNP_CPU = { cbitpos: 51, reducedPhysBits: 1 } as const
