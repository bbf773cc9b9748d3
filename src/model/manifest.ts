import type { LaunchText } from './launch-text.js'

/** What a plugin.yaml says, checked; words with `$NAME` are filled in when the options have their values. */
export interface PluginManifest {
  readonly description?: string
  readonly options: readonly PluginOption[]
  readonly requires: PluginRequirements
  readonly grub?: GrubWishes
  readonly initrd?: InitrdWishes
  readonly ima?: ImaWishes
  readonly rootfs?: RootfsWishes
  /** `vm` and `launch-identity`, as they stand there. */
  readonly launch?: LaunchText
  readonly secureBoot?: SecureBootWishes
  /** Of `firmware-variables`: a file with the same mapping, or the variables themselves. */
  readonly firmwareVariables?: string | Readonly<Record<string, FirmwareValueText>>
}

export const OPTION_TYPES = ['string', 'integer', 'boolean', 'size', 'path', 'enum', 'ssh-key', 'user', 'list'] as const
export type OptionType = (typeof OPTION_TYPES)[number]

/** A typed environment variable. */
export interface PluginOption {
  readonly name: string
  readonly type: OptionType
  /** Type of each item of a list. */
  readonly of?: Exclude<OptionType, 'list'>
  /** What an enum, or each item of a list of enums, may be. */
  readonly values?: readonly string[]
  readonly default?: string
  /** Its value is shown to nobody. */
  readonly secret: boolean
  readonly description?: string
}

export interface PluginRequirements {
  /** Options without which the plugin does nothing at all. */
  readonly options: readonly string[]
  /** Programs that have to be installed here. */
  readonly host: readonly string[]
  /** Programs that have to be in the guest when its scripts begin. */
  readonly guest: readonly string[]
  /** Plugins that have to come later. */
  readonly before: readonly string[]
  /** Plugins that have to come earlier. */
  readonly after: readonly string[]
}

/** What the boot loader is to do differently. */
export interface GrubWishes {
  /** Kernel arguments, in order. */
  readonly add: readonly string[]
  /** Kernel arguments as they stand, or only their name before the `=`. */
  readonly remove: readonly string[]
  /** Modules of grub that it loads before its menu. */
  readonly modules: readonly string[]
  /** Seconds that the menu waits. */
  readonly timeout?: number
}

/** What every initrd has to hold. */
export interface InitrdWishes {
  /** Patterns: with a leading slash of files of the guest, without one of the plugin's files/. */
  readonly files: readonly string[]
  /** Kernel modules, with those that they need. */
  readonly modules: readonly string[]
  /** Kernel modules that are loaded there too. */
  readonly load: readonly string[]
  /** Programs of the guest, absolute paths, with their libraries. */
  readonly binaries: readonly string[]
}

export interface ImaWishes {
  /** Path of the policy, relative to the plugin. */
  readonly policy?: string
  /** `log`, `enforce`, or `$NAME`. */
  readonly appraise?: string
  /** Digest of labels and of the log: `sha256`, `sha384`, `sha512`, or `$NAME`. */
  readonly hash?: string
  /** Absolute paths of directories whose files get labels. */
  readonly label: readonly string[]
}

export interface RootfsWishes {
  readonly groups: readonly string[]
  readonly users: readonly UserWish[]
  readonly authorizedKeys: readonly { readonly user: string; readonly keys: readonly string[] }[]
  /** Names of packages from the guest's own sources. */
  readonly packages: readonly string[]
  /** A directory with packages: relative to the plugin, or `$NAME` of an option of type path. */
  readonly debs?: string
  readonly modes: readonly ModeWish[]
  /** Absolute paths of files and directories that are not to be in the image. */
  readonly remove: readonly string[]
  readonly services: {
    readonly enable: readonly string[]
    readonly disable: readonly string[]
    readonly mask: readonly string[]
  }
}

export interface UserWish {
  readonly name: string
  readonly groups: readonly string[]
  readonly shell?: string
  /** Root's rights without a password: `true`, `false`, or `$NAME` of a boolean option. */
  readonly sudo: string
  readonly system: boolean
}

/** What has to hold for a file or directory; what is not named stays. */
export interface ModeWish {
  readonly path: string
  /** Octal, with a leading zero. */
  readonly mode?: string
  readonly owner?: string
  readonly group?: string
}

/** Programs between the firmware and the running kernel. */
export const CHAIN_PARTS = ['shim', 'grub', 'systemd-boot', 'kernel', 'uki'] as const
export type ChainPart = (typeof CHAIN_PARTS)[number]

/** Whose programs the firmware starts. Paths are seen from the plugin. */
export interface SecureBootWishes {
  /** A directory with PK.pem, KEK.pem, db.pem and db.key, or certificate files one by one. */
  readonly keys?:
    | string
    | {
        readonly pk?: string
        readonly kek: readonly string[]
        readonly db: readonly string[]
        /** Programs, certificates, or digests in hex. */
        readonly dbx: readonly string[]
      }
  readonly sign?: { readonly key: string; readonly cert: string }
  /** Who signs kernels that the guest installs later; both go into the image. */
  readonly guestSigner?: { readonly key: string; readonly cert: string }
  /** What is signed; an empty list for nothing. */
  readonly what: readonly ChainPart[] | 'auto'
  /** Certificates for shim's MokList. */
  readonly mok: readonly string[]
  readonly microsoft?: boolean
}

/** The value of a firmware variable as `cvm-rewrite firmware set` takes it: alone in the words of its kind, else with its form. */
export type FirmwareValueText = string | number | boolean | FirmwareValueForms

export interface FirmwareValueForms {
  readonly value?: string | number | boolean
  readonly hex?: string
  readonly text?: string
  readonly utf16?: string
  readonly u8?: string | number
  readonly u16?: string | number
  readonly u32?: string | number
  readonly u64?: string | number
  readonly file?: string
  readonly delete?: true
  readonly attributes?: string | number
  readonly date?: string
}

/** The value of an option in this run, and where it is from. */
export interface SettledOption {
  readonly name: string
  readonly plugins: readonly string[]
  readonly from: 'environment' | 'default' | 'not given'
  /** Absent for one without a value; `(secret)` for a secret one. */
  readonly value?: string
}

/** Stands for the value of a secret wherever it would be shown. */
export const SECRET = '(secret)'
