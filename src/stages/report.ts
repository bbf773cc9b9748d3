import { open, rename, rm } from 'node:fs/promises'
import { isSecret } from '../model/hidden-values.js'
import { SECRET } from '../model/manifest.js'
import type { FileFacts, PluginFacts, RewriteReport } from '../model/report.js'
import type { CheckResult, RewritePlan, SeedPart, StepTime } from '../model/rewrite.js'
import { guestFacts, notesOf } from './guest-facts.js'
import type { GuestRun } from './guest-verdict.js'

export interface ReportInput {
  readonly plan: RewritePlan
  readonly toolVersion: string
  readonly tools: Readonly<Record<string, string>>
  readonly seconds: number
  readonly inputSha256: string
  readonly output?: RewriteReport['output']
  readonly launch?: RewriteReport['launch']
  readonly firmware?: NonNullable<RewriteReport['firmware']>
  readonly steps: readonly StepTime[]
  readonly guest?: GuestRun
  readonly parts: readonly SeedPart[]
  readonly checks: readonly CheckResult[]
  readonly warnings: readonly string[]
  readonly error?: Readonly<Record<string, unknown>>
}

/** Pure: the report of a run, good or bad. */
export function rewriteReport(input: ReportInput): RewriteReport {
  const { plan, guest } = input
  const parts = new Map(input.parts.map((part) => [part.name, part]))
  const inputFacts: FileFacts = {
    path: plan.input.path,
    sha256: input.inputSha256,
    sizeBytes: plan.input.fileSizeBytes,
  }
  return {
    schema: 'cvm-rewrite-report/1',
    outcome: input.error === undefined ? 'success' : 'error',
    ...(input.error === undefined ? {} : { error: input.error }),
    tool: { name: 'cvm-image-rewriter', version: input.toolVersion },
    run: { id: plan.runId, startedAt: plan.startedAt, seconds: Math.round(input.seconds * 10) / 10 },
    input: inputFacts,
    ...(input.output === undefined ? {} : { output: input.output }),
    ...(input.firmware === undefined ? {} : { firmware: input.firmware }),
    ...(input.launch === undefined ? {} : { launch: input.launch }),
    plugins: plan.plugins.map(
      (plugin): PluginFacts => ({
        name: plugin.name,
        stage: plugin.stage,
        state: plugin.skipped === undefined ? 'ran' : 'skipped',
        ...(plugin.skipped === undefined ? {} : { why: plugin.skipped }),
        digest: plugin.digest,
        notes: notesOf(plugin.name, guest?.events ?? [], parts),
      }),
    ),
    options: { guestTimeMin: plan.guestTimeMin, strict: plan.strict, force: plan.force, connect: plan.connect ?? null },
    variables: withoutSecrets(plan.variables, plan.secrets),
    machine: plan.machine,
    tools: input.tools,
    steps: input.steps,
    ...(guest === undefined ? {} : { guest: guestFacts(guest, parts) }),
    checks: input.checks,
    warnings: input.warnings,
  }
}

/** Whole or absent: written beside, synced, renamed. */
export async function writeReport(path: string, report: RewriteReport, runId: string): Promise<void> {
  const beside = `${path}.${runId}`
  try {
    await using file = await open(beside, 'w', 0o644)
    await file.writeFile(`${JSON.stringify(report, undefined, 2)}\n`)
    await file.sync()
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
  await rename(beside, path)
}

/** Values that a plugin.yaml calls secret, and those whose name speaks of a secret, are not shown to anybody. */
export function withoutSecrets(
  variables: Readonly<Record<string, string>>,
  secrets: readonly string[],
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, isSecret(name, secrets) ? SECRET : value]),
  )
}
