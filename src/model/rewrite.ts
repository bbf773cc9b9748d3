import type { FirmwareFacts } from './firmware-facts.js'
import type { ListingWish } from './guest-listing.js'
import type { Accelerator, DiskLayout, Firmware, InputImage } from './image.js'
import type { LaunchLayer, SettledLaunch } from './launch.js'
import type { SettledOption } from './manifest.js'
import type { Plugin } from './plugin.js'
import type { Wishes } from './wishes.js'

/** What the person asked for: the command line, parsed and checked for form only. */
export interface RewriteRequest {
  readonly input: string
  readonly output: string
  readonly force: boolean
  /** `-t`; absent: the default for the accelerator. */
  readonly guestTimeMin?: number
  /** `-s`: a libvirt URI or a socket path. */
  readonly connect?: string
  readonly pluginsDir?: string
  readonly skip: readonly string[]
  readonly only: readonly string[]
  readonly accel: Accelerator | 'auto'
  readonly firmware: Firmware | 'auto'
  readonly memoryMiB?: number
  readonly vcpus?: number
  readonly keepFailed: boolean
  /** `--launch`: how the image is to be started. */
  readonly launchFile?: string
  /** `--firmware-image`: code and variables in one file; absolute. */
  readonly firmwareImage?: string
  readonly strict: boolean
  /** Ask this host's cloud-init about the plugins' cloud-configs. */
  readonly schema: boolean
  /** Variables that plugins read: GUEST_*, CVM_*, IMA_*, SEAL_*. */
  readonly variables: Readonly<Record<string, string>>
  /** Where the options that a plugin.yaml declares have their values from. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** That the guest lists what is in it; for `plugin test`. */
  readonly listing?: ListingWish
}

/** Where the run's data comes from: each one the current directory's when it has it, else the shipped one. */
export interface SourceDirs {
  readonly preStage: string
  readonly postStage: string
  readonly cloudInit: string
  /** What lies beside the plugins for their host scripts to source, such as the bash tool's scripts/common.sh. */
  readonly scripts?: string
}

/** What reading the world gave, before anything was done. */
export interface Survey {
  readonly image: InputImage
  readonly layout: DiskLayout
  readonly sources: SourceDirs
  readonly plugins: readonly Plugin[]
  /** With the values of declared options. */
  readonly variables: Readonly<Record<string, string>>
  readonly options: readonly SettledOption[]
  /** Names of variables whose values nobody may see. */
  readonly secrets: readonly string[]
  readonly wishes: Wishes
  /** Absent when nobody wants anything of the output's firmware. */
  readonly outputFirmware?: PlannedFirmware
  /** Absent when nobody wants anything of the launch. */
  readonly launch?: PlannedLaunch
  readonly notes: readonly string[]
  readonly accel: Accelerator
  readonly accelWhy: string
  readonly uefi?: UefiFirmware
  readonly hostCpus: number
  /** What a new program could have without swapping. */
  readonly hostMemoryMiB: number
  readonly toolVersions: Readonly<Record<string, string>>
}

/** A UEFI firmware in two files: code (read-only) and the template of its variable store. */
export interface UefiFirmware {
  readonly code: string
  readonly vars: string
  /** Format of the two files; `raw` for Debian's .fd files. */
  readonly format: 'raw' | 'qcow2'
}

/** Everything decided, nothing done; plain JSON (`--dry-run` prints it). */
export interface RewritePlan {
  readonly version: 1
  readonly runId: string
  /** 128 random bits in hex; only this run's guest knows them. */
  readonly nonce: string
  readonly startedAt: string
  readonly input: InputImage
  readonly layout: DiskLayout
  /** Absolute. */
  readonly output: string
  readonly force: boolean
  readonly sources: SourceDirs
  readonly plugins: readonly Plugin[]
  readonly machine: Machine
  readonly guestTimeMin: number
  /** Why this guest time, as a sentence. */
  readonly guestTimeWhy: string
  readonly connect?: string
  readonly names: {
    readonly domain: string
    readonly instanceId: string
    readonly workDir: string
    readonly failedDir: string
    readonly launch: string
    readonly report: string
  }
  readonly variables: Readonly<Record<string, string>>
  /** What plugin.yaml files declare, each with where its value is from. */
  readonly options: readonly SettledOption[]
  /** Names of variables whose values nobody may see. */
  readonly secrets: readonly string[]
  /** What plugin.yaml files want of the guest, before host scripts have run. */
  readonly wishes: Wishes
  readonly launch?: PlannedLaunch
  readonly firmwareImage?: string
  readonly outputFirmware?: PlannedFirmware
  readonly strict: boolean
  readonly keepFailed: boolean
  readonly listing?: ListingWish
  readonly notes: readonly string[]
}

/** What will be published beside the image, before host scripts have run. */
export type PlannedFirmware = Omit<FirmwareFacts, 'sha256' | 'signed'> & {
  /** What is going to be signed, and under which certificate. */
  readonly signs?: readonly string[]
  readonly certificate?: string
}

/** How the image is to be started, before host scripts have run. */
export interface PlannedLaunch {
  /** Wishes of `--launch`, which are stronger than those of plugins. */
  readonly fromFile: readonly LaunchLayer[]
  readonly settled: SettledLaunch
}

export interface Machine {
  readonly accel: Accelerator
  readonly accelWhy: string
  readonly firmware: { readonly kind: 'bios' } | ({ readonly kind: 'uefi' } & UefiFirmware)
  readonly memoryMiB: number
  readonly vcpus: number
}

/** What the pre-stage leaves for the guest. */
export interface Collected {
  /** Absent when no plugin ships files. */
  readonly payload?: {
    readonly path: string
    readonly bytes: number
    readonly entries: number
    readonly hasUnits: boolean
  }
  readonly parts: readonly SeedPart[]
  /** What plugin.yaml files want of the guest, after host scripts have run. */
  readonly wishes: Wishes
  /** What they want of the launch; identities are hex. */
  readonly launch: readonly LaunchLayer[]
  /** The plugins that the guest gets to see. */
  readonly plugins: readonly Plugin[]
  readonly diskGrown: boolean
}

/** One MIME part of user-data. */
export interface SeedPart {
  /** Name in the bundle, which cloud-init also takes as the script's file name; made by us, safe everywhere. */
  readonly name: string
  readonly type: 'cloud-boothook' | 'cloud-config' | 'jinja2' | 'x-shellscript'
  /** Absolute path of the bytes. */
  readonly source: string
  /** Who brought it; absent for the parts that every run has. */
  readonly plugin?: string
  /** The file as the plugin's author knows it, relative to the plugin. */
  readonly file?: string
  /** Shell lines of a cloud-config's runcmd list, to lead a failing one back to its plugin. */
  readonly runcmd?: readonly string[]
}

export interface CheckResult {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
}

/** Seconds that a step of the run took. */
export interface StepTime {
  readonly step: string
  readonly seconds: number
}
