import { join } from 'node:path'
import { printable } from '../guest/printable.js'
import { runTool } from '../host/run-tool.js'
import { CvmError } from '../model/errors.js'
import type { Plugin, Problem } from '../model/plugin.js'
import { schemaCall } from '../tools/cloud-init-schema.js'

/**
 * What this host's cloud-init says against the plugins' cloud-configs (`runcmd: notalist`).
 *
 * The guest's cloud-init may be another version and know more or less; --no-schema leaves the question out. Templates are
 * not asked about: they are no cloud-config before the guest has filled them in.
 */
export async function schemaProblems(
  plugins: readonly Plugin[],
): Promise<{ readonly problems: readonly Problem[]; readonly notes: readonly string[] }> {
  const paths = plugins
    .filter((plugin) => plugin.skipped === undefined)
    .flatMap((plugin) =>
      plugin.cloudConfigs.filter((file) => file.template === undefined).map((file) => join(plugin.dir, file.path)),
    )
  const problems: Problem[] = []
  for (const path of paths) {
    const answer = await answerOn(path)
    if (answer === 'fine') continue
    // One that cannot answer about this part cannot about the others either.
    if (answer.broken) return { problems, notes: [`this host's cloud-init could not be asked: ${answer.words}`] }
    const what = answer.words
    problems.push({
      code: 'USER_DATA_INVALID',
      where: path,
      what: `cloud-init schema: ${what} (--no-schema leaves this check out)`,
    })
  }
  return { problems, notes: [] }
}

/** An objection, or the words of a program that fell over: those say nothing about the file. */
async function answerOn(path: string): Promise<'fine' | { readonly broken: boolean; readonly words: string }> {
  try {
    const result = await runTool(schemaCall(path), { timeoutMs: LIMIT_MS })
    if (result.exitCode === 0) return 'fine'
    const text = `${result.stdout}\n${result.stderr}`
    const told = text.split('\n').flatMap((line) => printable(line.trim()) || [])
    const broken = result.exitCode === undefined || text.includes('Traceback (most recent call last)')
    return { broken, words: (broken ? told.slice(-1) : told).join(' ').slice(0, LONGEST_WORDS) }
  } catch (error) {
    if (!(error instanceof CvmError) || error.code === 'TOOL_MISSING') throw error
    return { broken: true, words: error.why ?? error.message }
  }
}

const LIMIT_MS = 60_000
const LONGEST_WORDS = 600
