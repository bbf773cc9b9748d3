import type { GuestEvent } from './guest-report.js'
import type { StageName } from './plugin.js'

/** What happens during a run, for whoever prints it. */
export type RunEvent =
  | { readonly type: 'stage'; readonly stage: StageName; readonly number: 1 | 2 | 3; readonly text: string }
  | { readonly type: 'step'; readonly text: string }
  | {
      readonly type: 'plugin'
      readonly plugin: string
      readonly state: 'runs' | 'done' | 'skipped'
      readonly text: string
    }
  | { readonly type: 'guest'; readonly event: GuestEvent; readonly text: string }
  | { readonly type: 'console'; readonly lines: readonly string[] }
  /** The guest's clock starts. */
  | { readonly type: 'guest-time'; readonly limitMs: number }
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'warning'; readonly text: string }
  | { readonly type: 'command'; readonly text: string }

export type Say = (event: RunEvent) => void
