import type { LaunchKey } from './launch.js'
import type { LaunchWords } from './launch-values.js'
import type { ChainPart, UserWish } from './manifest.js'

/** What all plugins together want of the guest; the part of a kind is absent when nobody wants anything of it. */
export interface Wishes {
  readonly grub?: GrubPlan
  readonly initrd?: InitrdPlan
  readonly ima?: ImaPlan
  readonly rootfs?: RootfsPlan
  readonly launch?: LaunchPlan
  readonly secureBoot?: SecureBootPlan
  readonly firmwareVariables?: FirmwareVariablesPlan
}

/** A word with those who asked for it. */
export interface AskedWord {
  readonly word: string
  readonly plugins: readonly string[]
}

export interface GrubPlan {
  /** `beside`: it stands beside others of its name; without it, it replaces them. */
  readonly add: readonly (AskedWord & { readonly beside?: true })[]
  readonly remove: readonly AskedWord[]
  readonly modules: readonly AskedWord[]
  /** Seconds. */
  readonly timeout?: AskedWord
}

export interface InitrdPlan {
  /** Absolute paths in the guest, of what plugins ship. */
  readonly files: readonly AskedWord[]
  /** Absolute patterns that the guest fills in with its own files. */
  readonly guestFiles: readonly AskedWord[]
  readonly modules: readonly AskedWord[]
  readonly load: readonly AskedWord[]
  readonly binaries: readonly AskedWord[]
}

export interface ImaPlan {
  /** Absolute path here of the policy, and whose it is. */
  readonly policy?: { readonly path: string; readonly plugin: string }
  readonly appraise?: { readonly mode: 'log' | 'enforce'; readonly plugins: readonly string[] }
  /** Digest of the labels. */
  readonly hash: 'sha256' | 'sha384' | 'sha512'
  readonly label: readonly AskedWord[]
}

export interface RootfsPlan {
  readonly groups: readonly AskedWord[]
  readonly users: readonly (Omit<UserWish, 'sudo'> & { readonly sudo: boolean; readonly plugins: readonly string[] })[]
  readonly authorizedKeys: readonly {
    readonly user: string
    readonly keys: readonly string[]
    readonly plugins: readonly string[]
  }[]
  readonly packages: readonly AskedWord[]
  /** Absolute paths here of the packages' files. */
  readonly debs: readonly AskedWord[]
  readonly modes: readonly {
    readonly path: string
    readonly mode?: string
    readonly owner?: string
    readonly group?: string
    readonly plugins: readonly string[]
  }[]
  readonly remove: readonly AskedWord[]
  readonly enable: readonly AskedWord[]
  readonly disable: readonly AskedWord[]
  readonly mask: readonly AskedWord[]
}

/** How the image is to be started. */
export interface LaunchPlan {
  /** Absolute paths here, also in the words that an identity is made of. */
  readonly words: LaunchWords
  readonly plugins: Readonly<Partial<Record<LaunchKey, readonly string[]>>>
}

/** Words are absolute paths here. */
export interface SecureBootPlan {
  readonly pk?: AskedWord
  readonly kek: readonly AskedWord[]
  readonly db: readonly AskedWord[]
  /** Paths, or digests in hex. */
  readonly dbx: readonly AskedWord[]
  readonly mok: readonly AskedWord[]
  readonly microsoft: boolean
  /** Absent: what the guest boots stays as it is signed. */
  readonly sign?: { readonly key: string; readonly cert: string; readonly what: readonly ChainPart[] }
  /** Who signs kernels in the guest, later: both files go into the image. */
  readonly guestSigner?: GuestSignerPlan
  /** All who want something of it. */
  readonly plugins: readonly string[]
}

export interface GuestSignerPlan {
  readonly key: string
  readonly cert: string
  readonly plugins: readonly string[]
}

export interface FirmwareVariablesPlan {
  readonly variables: readonly FirmwareVariableWish[]
}

export interface FirmwareVariableWish {
  /** As a person writes it: `Timeout`, or `Name-GUID`. */
  readonly name: string
  /** `plain`: in the words of its kind. */
  readonly form: 'plain' | 'hex' | 'text' | 'utf16' | 'u8' | 'u16' | 'u32' | 'u64' | 'file' | 'delete'
  /** Of a file its absolute path here; empty for `delete`. */
  readonly text: string
  readonly attributes?: string
  readonly date?: string
  readonly plugins: readonly string[]
}
