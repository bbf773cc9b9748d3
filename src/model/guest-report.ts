/**
 * The guest's report: JSON lines on the second serial port, each with the nonce of the run.
 *
 * The guest is not trusted: these types are what is left after src/guest/report.ts has bounded and checked every line.
 * `s` is the guest's uptime in seconds when the line was written.
 */
export type GuestEvent =
  | { readonly event: 'boot'; readonly s: number }
  | { readonly event: 'payload'; readonly s: number; readonly rc: number; readonly files: number; readonly tail: string }
  | { readonly event: 'part-start'; readonly s: number; readonly part: string }
  | { readonly event: 'part-end'; readonly s: number; readonly part: string; readonly rc: number; readonly tail: string }
  /** A line of runcmd failed; `command` is the shell's text of it. */
  | { readonly event: 'runcmd-failed'; readonly s: number; readonly command: string; readonly rc: number }
  /** Words of a plugin for the person: `cvm-note TEXT` in a guest script. */
  | { readonly event: 'note'; readonly s: number; readonly part: string; readonly text: string }
  | { readonly event: 'cloud-init'; readonly s: number; readonly version: string; readonly datasource: string; readonly instance: string; readonly errors: readonly string[]; readonly warnings: readonly string[] }
  | { readonly event: 'units'; readonly s: number; readonly failed: readonly string[] }
  | { readonly event: 'inventory'; readonly s: number; readonly os: string; readonly kernels: readonly string[]; readonly initrds: readonly string[]; readonly cmdline: string; readonly packages: number }
  | { readonly event: 'sealed'; readonly s: number; readonly left: readonly string[]; readonly cloudInit: 'closed' | 'open' }
  | { readonly event: 'trimmed'; readonly s: number; readonly rc: number }
  | { readonly event: 'failed'; readonly s: number; readonly part: string; readonly rc: number }
  | { readonly event: 'done'; readonly s: number }

export type GuestEventName = GuestEvent['event']
