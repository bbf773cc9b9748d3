import type { Accelerator, ImageFormat } from './image.js'

/** What protects the guest: nothing, Intel TDX, AMD SEV-SNP. */
export type Tee = 'none' | 'tdx' | 'snp'

/**
 * What somebody asks of a launch; each key may be absent. It comes from a plugin.yaml (`vm`, `launch-identity`), from a launch
 * file or from flags, and says the same in each of them.
 */
export interface LaunchWishes {
  readonly tee?: Tee
  readonly vcpus?: number
  readonly memoryMiB?: number
  readonly hugepages?: boolean
  readonly network?: 'user' | 'bridge' | 'none'
  /** Of the user-mode network, such as 10.0.2.0/24. */
  readonly cidr?: string
  /** First address that the user-mode network's DHCP gives. */
  readonly dhcpStart?: string
  /** Name of a bridge of the host. */
  readonly bridge?: string
  /** Lower case with colons. */
  readonly mac?: string
  readonly forwards?: readonly PortForward[]
  /** `rom`: one file with code and variables (-bios), which TDX and SEV-SNP guests need. */
  readonly firmware?: 'bios' | 'uefi' | 'rom'
  /** Paths are absolute. */
  readonly firmwareCode?: string
  readonly firmwareVars?: string
  readonly firmwareImage?: string
  readonly secureBoot?: boolean
  readonly tpm?: boolean
  /** How long the firmware's boot menu waits for a key; OVMF makes its variable Timeout of it. */
  readonly bootMenuWaitSeconds?: number
  /** Direct boot. */
  readonly kernel?: string
  readonly initrd?: string
  readonly cmdline?: string
  /** Beside the image. */
  readonly disks?: readonly DiskWish[]
  /** `free`: one that no other guest has. */
  readonly vsockCid?: number | 'free'
  readonly quoteService?: QuoteService
  /** A TD whose memory the host may read: for debugging only. */
  readonly debug?: boolean
  /** TDX, 48 bytes each, as 96 hex digits. */
  readonly mrowner?: string
  readonly mrconfigid?: string
  readonly mrownerconfig?: string
  /** SEV-SNP, 32 bytes as 64 hex digits. */
  readonly hostData?: string
  /** SEV-SNP, 96 bytes as 192 hex digits; only together with idAuth. */
  readonly idBlock?: string
  /** SEV-SNP, 4096 bytes as 8192 hex digits. */
  readonly idAuth?: string
  /** SEV-SNP guest policy, 64 bits as 0x and hex digits. */
  readonly policy?: string
  /** SEV-SNP: measure kernel, initrd and command line of a direct boot. */
  readonly kernelHashes?: boolean
  /** SEV-SNP: QEMU's CPU model, such as EPYC-v4; part of what is measured. */
  readonly snpCpu?: string
}

export type LaunchKey = keyof LaunchWishes

export interface PortForward {
  /** On 127.0.0.1; 0: a free one. */
  readonly hostPort: number
  readonly guestPort: number
}

export interface DiskWish {
  readonly path: string
  readonly format: ImageFormat
  readonly readOnly: boolean
}

/** Where a TD's quotes are made. */
export type QuoteService =
  | { readonly kind: 'vsock'; readonly cid: number; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

/** Wishes of one source; `origin` is shown to people, such as "--vcpus", "launch.yaml", "20-big/plugin.yaml", "the default". */
export interface LaunchLayer {
  readonly origin: string
  readonly wishes: LaunchWishes
  /** Of identities: what the bytes were made from, for a person. */
  readonly madeFrom?: Readonly<Partial<Record<LaunchKey, string>>>
}

/** Wishes of all sources merged, and where each one is from. */
export interface SettledLaunch {
  readonly wishes: LaunchWishes
  readonly origins: Readonly<Partial<Record<LaunchKey, string>>>
  readonly madeFrom: Readonly<Partial<Record<LaunchKey, string>>>
}

/** A virtual machine: every value decided, nothing probed. All paths are absolute; plain JSON. */
export interface LaunchConfig {
  /** Letters, digits, dashes, dots; shown by `ps` and `virsh list`. */
  readonly name: string
  readonly accel: Accelerator
  readonly tee: LaunchTee
  readonly vcpus: number
  readonly memoryMiB: number
  readonly hugepages: boolean
  readonly firmware: LaunchFirmware
  readonly directBoot?: DirectBoot
  /** The first one is the image. */
  readonly disks: readonly LaunchDisk[]
  readonly network: LaunchNetwork
  readonly vsockCid?: number
  readonly tpm: boolean
  /** Absent: there is no boot menu, and the firmware starts its first entry at once. */
  readonly bootMenuWaitSeconds?: number
}

export type LaunchTee = { readonly kind: 'none' } | TdxLaunch | SnpLaunch

export interface TdxLaunch {
  readonly kind: 'tdx'
  /** 96 hex digits each. */
  readonly mrowner?: string
  readonly mrconfigid?: string
  readonly mrownerconfig?: string
  readonly quoteService?: QuoteService
  readonly debug: boolean
}

export interface SnpLaunch {
  readonly kind: 'snp'
  /** 0x and hex digits. */
  readonly policy: string
  /** 64 hex digits. */
  readonly hostData?: string
  readonly idBlock?: string
  readonly idAuth?: string
  /** The ID auth structure has an author key. */
  readonly authorKey: boolean
  readonly kernelHashes: boolean
  readonly cpu: string
  /** Position of the C-bit and the address bits that it costs: properties of the host's CPU (CPUID 0x8000001f EBX). */
  readonly cbitpos: number
  readonly reducedPhysBits: number
}

export type LaunchFirmware =
  | { readonly kind: 'bios' }
  | {
      readonly kind: 'uefi'
      readonly code: string
      /** The machine writes it: a copy of the variable store's template. */
      readonly vars: string
      readonly format: ImageFormat
      /** The code needs SMM, so that only the firmware can write its variables. */
      readonly smm: boolean
    }
  | { readonly kind: 'rom'; readonly path: string }

export interface DirectBoot {
  readonly kernel: string
  readonly initrd?: string
  readonly cmdline: string
}

export interface LaunchDisk {
  readonly path: string
  readonly format: ImageFormat
  readonly readOnly: boolean
  /** The disk is thrown away afterwards: flushes are not worth their time. */
  readonly throwAway: boolean
}

export type LaunchNetwork =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'user'
      readonly cidr?: string
      readonly dhcpStart?: string
      readonly mac?: string
      readonly forwards: readonly PortForward[]
    }
  | { readonly kind: 'bridge'; readonly bridge: string; readonly mac?: string }

/** How the ends of a machine are connected that are not part of it; all paths are UNIX sockets. */
export type LaunchWiring =
  /** Console and monitor on the terminal, for a person; of a TPM its swtpm listens on `tpm`. */
  | { readonly kind: 'terminal'; readonly tpm?: string }
  | {
      readonly kind: 'sockets'
      /** They listen already, in the order ttyS0, ttyS1, …: QEMU connects to them, so that we see the first byte. */
      readonly serialPorts: readonly string[]
      /** Listens, for the virtio console, hvc0. */
      readonly virtioConsole?: string
      /** Listens for the machine protocol (QMP); the guest's CPUs wait for its `cont`. */
      readonly monitor: string
      /** Listens; the guest sees it as /dev/virtio-ports/cvm.probe. */
      readonly probe?: string
      readonly tpm?: string
      /** QEMU makes it and listens there, for its monitor for people. */
      readonly humanMonitor?: string
    }

/**
 * What this QEMU calls things. `fork`: the trees of Canonical and Intel before TDX came upstream (QEMU < 10.1), whose tdx-guest
 * takes hex digits and `quote-generation-service`.
 */
export type QemuFlavour = 'upstream' | 'fork'
