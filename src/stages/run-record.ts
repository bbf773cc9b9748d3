import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunEvent, Say } from '../model/events.js'
import type { GuestEvent } from '../model/guest-report.js'
import { type Hide, hider, secretValues } from '../model/hidden-values.js'
import type { RewriteReport } from '../model/report.js'
import type { CheckResult, RewritePlan, SeedPart, StepTime } from '../model/rewrite.js'
import { firmwareFacts } from './firmware-of-run.js'
import type { GuestRun } from './guest-verdict.js'
import type { OutputFirmware } from './output-firmware.js'
import { rewriteReport } from './report.js'
import type { SignedChain } from './sign-boot-chain.js'
import { PACKAGE_DIR } from './sources.js'

/** What becomes known during a run, for its report: the one place where a run's values are gathered. */
export class RunRecord {
  readonly #plan: RewritePlan
  readonly #tools: Readonly<Record<string, string>>
  readonly #startedAt = performance.now()
  readonly #steps: StepTime[] = []
  readonly #warnings: string[] = []
  /** Values that nobody may see; the report is without them, and what it passes on. */
  readonly secrets: readonly string[]
  readonly hide: Hide
  inputSha256 = ''
  parts: readonly SeedPart[] = []
  checks: readonly CheckResult[] = []
  output: RewriteReport['output']
  /** Of an output that is published. */
  launch: RewriteReport['launch']
  /** Of an output that is published. */
  firmware: (OutputFirmware & { readonly sha256: string }) | undefined
  chain: SignedChain | undefined
  /** Path of the checked image, as long as it waits for the output's name. */
  finished: string | undefined
  /** What is known of the guest boot, also when it failed. */
  guest: GuestRun | undefined

  constructor(plan: RewritePlan, tools: Readonly<Record<string, string>>) {
    this.#plan = plan
    this.#tools = tools
    this.#warnings.push(...plan.notes)
    this.secrets = secretValues(plan.variables, plan.secrets)
    this.hide = hider(this.secrets)
  }

  /** Passes events on and keeps the warnings among them. */
  listen(tell: Say): Say {
    return (shown: RunEvent) => {
      const event = this.hide(shown)
      if (event.type === 'warning') this.#warnings.push(event.text)
      tell(event)
    }
  }

  get events(): readonly GuestEvent[] {
    return this.guest?.events ?? []
  }

  /** Waits for a step and keeps the seconds that it took, also when it fails. */
  async time<Value>(step: string, work: Promise<Value>): Promise<Value> {
    const startedAt = performance.now()
    try {
      return await work
    } finally {
      this.#steps.push({ step, seconds: Math.round((performance.now() - startedAt) / 10) / 100 })
    }
  }

  readonly report = (
    checks: readonly CheckResult[] = this.checks,
    error?: Readonly<Record<string, unknown>>,
  ): RewriteReport =>
    this.hide(
      rewriteReport({
        plan: this.#plan,
        toolVersion: packageVersion(),
        tools: this.#tools,
        seconds: (performance.now() - this.#startedAt) / 1000,
        inputSha256: this.inputSha256,
        ...(this.output === undefined ? {} : { output: this.output }),
        ...(this.launch === undefined ? {} : { launch: this.launch }),
        ...(this.firmware === undefined
          ? {}
          : { firmware: firmwareFacts(this.firmware, this.firmware.sha256, this.chain) }),
        steps: this.#steps,
        ...(this.guest === undefined ? {} : { guest: this.guest }),
        parts: this.parts,
        checks: this.chain === undefined ? checks : [...checks, ...this.chain.checks],
        warnings: this.#warnings,
        ...(error === undefined ? {} : { error }),
      }),
    )
}

export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(PACKAGE_DIR, 'package.json'), 'utf8')) as { version: string }
  return version
}
