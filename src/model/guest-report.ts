/**
 * The guest's report: JSON lines on the second serial port, each with the nonce of the run.
 *
 * The guest is not trusted: these are the values left after src/guest/report.ts has bounded and checked every line.
 * `s` is the guest's uptime in seconds when the line was written.
 */
export type GuestEvent =
  | { readonly event: 'boot'; readonly s: number }
  | { readonly event: 'no-space'; readonly s: number; readonly needKiB: number; readonly freeKiB: number }
  | { readonly event: 'payload'; readonly s: number; readonly rc: number; readonly tail: string }
  | { readonly event: 'part-start'; readonly s: number; readonly part: string }
  | {
      readonly event: 'part-end'
      readonly s: number
      readonly part: string
      readonly rc: number
      readonly tail: string
    }
  /** A command of a runcmd list failed; `command` is the shell's text of it. */
  | { readonly event: 'runcmd-failed'; readonly s: number; readonly rc: number; readonly command: string }
  /** A plugin's words for the person (`cvm-note` in a guest script). */
  | { readonly event: 'note'; readonly s: number; readonly part: string; readonly text: string }
  | ({ readonly event: 'cloud-init'; readonly s: number } & CloudInitStatus)
  | { readonly event: 'units'; readonly s: number; readonly failed: readonly string[] }
  | ({ readonly event: 'inventory'; readonly s: number } & Inventory)
  | {
      readonly event: 'sealed'
      readonly s: number
      readonly left: readonly string[]
      readonly cloudInit: 'closed' | 'open'
      /** An earlier rewrite has put a private key into the image. */
      readonly holdsKernelKey?: true
    }
  /** One part of the compressed list of what is in the guest; `number` counts from 1, `data` is base64. */
  | {
      readonly event: 'listing'
      readonly s: number
      readonly number: number
      readonly of: number
      readonly data: string
    }
  | { readonly event: 'trimmed'; readonly s: number; readonly rc: number; readonly tail: string }
  | { readonly event: 'failed'; readonly s: number; readonly part: string; readonly rc: number }
  | { readonly event: 'done'; readonly s: number }

export type GuestEventName = GuestEvent['event']
export type EventOf<Name extends GuestEventName> = Extract<GuestEvent, { readonly event: Name }>

/** cloud-init's own words about itself. Errors make a run fail; warnings make it degraded. */
export interface CloudInitStatus {
  readonly version: string
  readonly instance: string
  readonly datasource: string
  /** It wrote its result file. */
  readonly finished: boolean
  readonly errors: readonly string[]
  readonly warnings: readonly string[]
}

export interface Inventory {
  readonly os: string
  readonly kernels: readonly string[]
  readonly initrds: readonly string[]
  /** The first `linux` line of the generated grub configuration. */
  readonly cmdline: string
  /** `name version architecture`, one entry a package. */
  readonly packages: readonly string[]
}
