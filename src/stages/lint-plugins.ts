import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ERRORS } from '../model/error-table.js'
import type { LintFinding, LintResult } from '../model/lint.js'
import type { Plugin, Problem } from '../model/plugin.js'
import type { SourceDirs } from '../model/rewrite.js'
import { compareNames } from '../plugins/file-names.js'
import { placeOf, splitNote } from '../plugins/message-place.js'
import { showRiskyMode } from '../plugins/payload-tree.js'
import { readPlugins } from '../plugins/read-plugins.js'
import { lintScripts } from './lint-scripts.js'
import { pluginLaunch } from './plugin-launch.js'
import { checkSeedSources } from './seed-sources.js'

/** All that can be said about plugins without a boot: what a run would refuse, and what it would take although it is a mistake. */
export async function lintPlugins(sources: SourceDirs): Promise<LintResult> {
  const dirs = { preStage: sources.preStage, postStage: sources.postStage }
  const reading = await readPlugins({ dirs, skip: [], only: [], environment: {}, lacking: 'kept' })
  const running = reading.plugins.filter(({ skipped }) => skipped === undefined)
  const seed = await checkSeedSources(sources)
  const plan = reading.wishes.launch
  const launch = await pluginLaunch({ plan, plugins: running, hostScriptsRan: false, lasting: (path) => path })
  const problems = [...reading.problems, ...launch.problems, ...seed.problems].map(problemFinding)
  const broken = new Set(problems.map((each) => pluginAt(each.file, reading.plugins)))
  const findings = [
    ...problems,
    ...[...reading.notes, ...seed.notes].map(noteFinding),
    ...reading.payload.riskyModes.map((entry) => riskyFinding(entry.where, showRiskyMode(entry))),
    ...reading.plugins.flatMap(skippedFinding),
    ...running.flatMap(readmeFinding),
    ...(await Promise.all(running.filter((plugin) => !broken.has(plugin)).map(idleFinding))).flat(),
    ...(await lintScripts(running)),
  ]
  return {
    findings: findings.map((each) => withPlugin(each, reading.plugins)).sort(byPlace),
    checked: running.length,
    skipped: reading.plugins.length - running.length,
  }
}

function problemFinding({ code, where, what }: Problem): LintFinding {
  const place = placeOf(where)
  const text = place.file === undefined ? `${where}: ${what}` : what
  return { severity: 'problem', code, ...place, text, hint: ERRORS[code].next }
}

function noteFinding(note: string): LintFinding {
  return { severity: 'note', code: 'PLUGIN_NOTE', ...splitNote(note), hint: 'Nothing has to be done if this is meant.' }
}

function riskyFinding(file: string, shown: string): LintFinding {
  return { severity: 'note', code: 'RISKY_MODE', file, text: shown, hint: 'A run with --strict refuses it.' }
}

function skippedFinding({ dir, skipped }: Plugin): readonly LintFinding[] {
  if (skipped !== 'NOT_RUN') return []
  const text = 'skipped: it has a NOT_RUN file, so nothing in it was checked'
  return [{ severity: 'note', code: 'NOT_RUN', file: dir, text, hint: 'Remove NOT_RUN to use and check the plugin.' }]
}

function readmeFinding({ dir, summary }: Plugin): readonly LintFinding[] {
  if (summary !== '') return []
  const file = join(dir, 'README.md')
  const hint = 'Write a title, and below it one sentence that says what the plugin does; plugin list shows it.'
  if (existsSync(file)) {
    return [{ severity: 'warning', code: 'NO_SUMMARY', file, text: 'has no sentence below its title', hint }]
  }
  return [{ severity: 'warning', code: 'NO_README', file: dir, text: 'has no README.md', hint }]
}

async function idleFinding(plugin: Plugin): Promise<readonly LintFinding[]> {
  const scripts = [plugin.hostRun, plugin.guestRun, plugin.postHostRun, plugin.postGuestRun]
  const parts = [...plugin.cloudConfigs, ...plugin.shellScripts]
  if (parts.length > 0 || scripts.some((script) => script !== undefined)) return []
  if (existsSync(join(plugin.dir, 'plugin.yaml'))) return []
  if (plugin.hasFiles && (await readdir(join(plugin.dir, 'files'))).length > 0) return []
  const hint = 'Give it files/, cloud-init/, host_run.sh or guest_run.sh; docs/plugins.md shows where each belongs.'
  return [{ severity: 'warning', code: 'DOES_NOTHING', file: plugin.dir, text: 'does nothing', hint }]
}

function withPlugin(finding: LintFinding, plugins: readonly Plugin[]): LintFinding {
  const name = pluginAt(finding.file, plugins)?.name
  return name === undefined ? finding : { ...finding, plugin: name }
}

function pluginAt(file: string | undefined, plugins: readonly Plugin[]): Plugin | undefined {
  for (let dir = file ?? '/'; dir !== '/' && dir !== '.'; dir = dirname(dir)) {
    const found = plugins.find((plugin) => plugin.dir === dir)
    if (found !== undefined) return found
  }
  return undefined
}

function byPlace(one: LintFinding, other: LintFinding): number {
  return (
    compareNames(one.file ?? '', other.file ?? '') ||
    (one.line ?? 0) - (other.line ?? 0) ||
    (one.column ?? 0) - (other.column ?? 0)
  )
}
