/** What a plugin.yaml says, checked; words with `$NAME` are filled in when the options have their values. */
export interface PluginManifest {
  readonly description?: string
  readonly options: readonly PluginOption[]
  readonly requires: PluginRequirements
  readonly grub?: GrubWishes
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
  readonly description?: string
}

export interface PluginRequirements {
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

/** The value of an option in this run, and where it is from. */
export interface SettledOption {
  readonly name: string
  readonly plugins: readonly string[]
  readonly from: 'environment' | 'default' | 'not given'
  readonly value?: string
}
