import type { PluginManifest } from './manifest.js'

export type StageName = 'pre-stage' | 'cloud-init' | 'post-stage'

/** A numbered plugin directory, read and checked; nothing in it was run or changed. */
export interface Plugin {
  /** Directory name, for example `03-netplan`; unique within its stage. */
  readonly name: string
  readonly number: number
  readonly stage: 'pre-stage' | 'post-stage'
  /** Absolute path of the directory as found. */
  readonly dir: string
  /** The first line after the README's title. */
  readonly summary: string
  /** Why it does not take part in this run; absent when it runs. */
  readonly skipped?: SkipReason
  /** Its plugin.yaml. */
  readonly manifest?: PluginManifest
  readonly hostRun?: ScriptFile
  readonly guestRun?: ScriptFile
  /** `post-stage/host_run.sh` and `post-stage/guest_run.sh` of a pre-stage plugin: its share of the post-stage. */
  readonly postHostRun?: ScriptFile
  readonly postGuestRun?: ScriptFile
  readonly cloudConfigs: readonly UserDataFile[]
  readonly shellScripts: readonly UserDataFile[]
  /** It has a files/ directory. */
  readonly hasFiles: boolean
  /** SHA-256 over names, modes and contents of the directory. */
  readonly digest: string
  readonly warnings: readonly string[]
}

/** The last one: options that its plugin.yaml requires. */
export type SkipReason = 'NOT_RUN' | '--skip' | '--only' | `${string} not given`

export interface ScriptFile {
  /** Path relative to the plugin directory. */
  readonly path: string
  /** Program and its arguments from the `#!` line; scripts run through it, so the run bit does not matter. */
  readonly interpreter: readonly string[]
  readonly sizeBytes?: number
}

export interface UserDataFile {
  /** Path relative to the plugin directory. */
  readonly path: string
  readonly sizeBytes?: number
  /** A cloud-config that cloud-init fills in first; its type in the MIME bundle is text/jinja2. */
  readonly template?: 'jinja'
  /** Shell lines of a cloud-config's runcmd list, as they stand in the guest: a failing line leads back to its plugin. */
  readonly runcmd?: readonly string[]
}

/** One thing wrong in a plugin directory or a user-data part. */
export interface Problem {
  readonly code:
    | 'PLUGIN_INVALID'
    | 'USER_DATA_INVALID'
    | 'USER_DATA_TOO_LARGE'
    | 'IMA_POLICY_INVALID'
    | 'PAYLOAD_CONFLICT'
  /** File or directory, as the user would type it; with `:line` or `:line:column` where known. */
  readonly where: string
  readonly what: string
}
