import type { FirmwareFacts } from './firmware-facts.js'
import type { CloudInitStatus, Inventory } from './guest-report.js'
import type { CheckResult, Machine, StepTime } from './rewrite.js'

/** output.report.json: what was done to what, for people and for verifiers. The schema name changes when a field changes its meaning. */
export interface RewriteReport {
  readonly schema: 'cvm-rewrite-report/1'
  readonly outcome: 'success' | 'error'
  /** Present when the outcome is an error. */
  readonly error?: Readonly<Record<string, unknown>>
  readonly tool: { readonly name: string; readonly version: string }
  readonly run: { readonly id: string; readonly startedAt: string; readonly seconds: number }
  readonly input: FileFacts
  readonly output?: FileFacts & { readonly virtualSizeBytes: number }
  /** output.launch.json, when the run has written one. */
  readonly launch?: LaunchFacts
  /** output.OVMF_VARS.fd or output.OVMF.fd, when the run has written one. */
  readonly firmware?: FirmwareFacts
  readonly plugins: readonly PluginFacts[]
  readonly options: Readonly<Record<string, unknown>>
  /** Variables given to plugins; values whose name speaks of a secret are left out. */
  readonly variables: Readonly<Record<string, string>>
  readonly machine: Machine
  readonly tools: Readonly<Record<string, string>>
  readonly steps: readonly StepTime[]
  readonly guest?: GuestFacts
  readonly checks: readonly CheckResult[]
  readonly warnings: readonly string[]
}

export interface FileFacts {
  readonly path: string
  readonly sha256: string
  readonly sizeBytes: number
}

export interface LaunchFacts {
  readonly path: string
  readonly sha256: string
  /** What is in it. */
  readonly document: Readonly<Record<string, unknown>>
}

export interface PluginFacts {
  readonly name: string
  readonly stage: 'pre-stage' | 'post-stage'
  readonly state: 'ran' | 'skipped'
  readonly why?: string
  readonly digest: string
  /** What its scripts said through cvm-note. */
  readonly notes: readonly string[]
}

export interface GuestFacts {
  readonly seconds: number
  readonly cloudInit?: CloudInitStatus
  readonly failedUnits: readonly string[]
  readonly inventory?: Inventory
  readonly sealed?: { readonly left: readonly string[]; readonly cloudInit: 'closed' | 'open' }
  readonly parts: readonly {
    readonly part: string
    readonly plugin?: string
    readonly file?: string
    readonly rc: number
    readonly seconds: number
    readonly tail: string
  }[]
  /** Console lines or report lines that did not follow the protocol. */
  readonly malformedReportLines: number
}
