import { join } from 'node:path'
import { runTool } from '../host/run-tool.js'
import { CvmError } from '../model/errors.js'
import type { LintFinding } from '../model/lint.js'
import type { Plugin } from '../model/plugin.js'
import { warnOfGuestScript } from '../plugins/guest-script-rules.js'
import { readFileIfThere } from '../plugins/plugin-files.js'
import { readShebang } from '../plugins/script-file.js'
import { readUserDataText } from '../plugins/user-data-text.js'
import { readShellcheck, shellcheckCall } from '../tools/shellcheck.js'
import { aptLine } from './tools-needed.js'

/** Warnings about the shell scripts of plugins: our own about what guests run, and those of shellcheck. */
export async function lintScripts(plugins: readonly Plugin[]): Promise<readonly LintFinding[]> {
  const scripts = (await Promise.all(plugins.flatMap(scriptsOf).map(readScript))).filter((each) => each !== undefined)
  const own = scripts.flatMap(({ file, text, when }) =>
    when === 'on the host'
      ? []
      : warnOfGuestScript(text, when).map((told): LintFinding => ({ severity: 'warning', file, ...told })),
  )
  return [...own, ...(await askShellcheck(scripts.map(({ file }) => file)))]
}

interface Script {
  readonly file: string
  readonly when: 'on the host' | 'before' | 'after'
}

function scriptsOf(plugin: Plugin): readonly Script[] {
  const at = (when: Script['when'], path: string | undefined): readonly Script[] =>
    path === undefined ? [] : [{ file: join(plugin.dir, path), when }]
  return [
    ...at('on the host', plugin.hostRun?.path),
    ...at('on the host', plugin.postHostRun?.path),
    ...at(plugin.stage === 'pre-stage' ? 'before' : 'after', plugin.guestRun?.path),
    ...at('after', plugin.postGuestRun?.path),
    ...plugin.shellScripts.flatMap(({ path }) => at('before', path)),
  ]
}

/** Only what is text for a shell that shellcheck knows; what is wrong with others the reading has said. */
async function readScript(script: Script): Promise<(Script & { readonly text: string }) | undefined> {
  const bytes = await readFileIfThere(script.file)
  if (!Buffer.isBuffer(bytes)) return undefined
  const shebang = readShebang(bytes)
  const decoded = readUserDataText(bytes)
  if ('wrong' in shebang || 'wrong' in decoded) return undefined
  const isShell = /(?:^|[\s/])(?:sh|dash|bash|ksh)(?:\s|$)/.test(shebang.interpreter.join(' '))
  return isShell ? { ...script, text: decoded.text } : undefined
}

/** One process for many scripts: starting it takes longer than a script. */
async function askShellcheck(paths: readonly string[]): Promise<readonly LintFinding[]> {
  const found: LintFinding[] = []
  for (let from = 0; from < paths.length; from += PATHS_A_CALL) {
    const answer = await answerOn(paths.slice(from, from + PATHS_A_CALL))
    if ('silent' in answer) return [...found, answer.silent]
    found.push(...answer.findings)
  }
  return found
}

type Answer = { readonly findings: readonly LintFinding[] } | { readonly silent: LintFinding }

async function answerOn(paths: readonly string[]): Promise<Answer> {
  try {
    const result = await runTool(shellcheckCall(paths), { timeoutMs: LIMIT_MS, captureBytes: ANSWER_LIMIT_BYTES })
    const comments = readShellcheck(result)
    if (comments === undefined) return { silent: noAnswer(result.stderr.trim().split('\n').at(-1) ?? '') }
    return {
      findings: comments.map(({ file, line, column, level, code, message }) => ({
        // Its errors are scripts that cannot do what stands there, most often because a shell cannot read them.
        severity: level === 'error' ? 'problem' : 'warning',
        code: `SC${code}`,
        file,
        line,
        column,
        text: message,
        hint: `https://www.shellcheck.net/wiki/SC${code}`,
      })),
    }
  } catch (error) {
    if (!(error instanceof CvmError)) throw error
    if (error.code !== 'TOOL_MISSING') return { silent: noAnswer(error.why ?? error.message) }
    return {
      silent: {
        severity: 'note',
        code: 'SHELLCHECK_MISSING',
        text: 'shellcheck is not installed, so the scripts were only looked at for what the run itself cares about',
        hint: aptLine(['shellcheck']),
      },
    }
  }
}

function noAnswer(why: string): LintFinding {
  return {
    severity: 'note',
    code: 'SHELLCHECK_FAILED',
    text: `shellcheck gave no answer${why === '' ? '' : `: ${why}`}`,
    hint: 'Try it by hand on the scripts.',
  }
}

/** Far below the kernel's limit on arguments, even with the longest paths. */
const PATHS_A_CALL = 400
const LIMIT_MS = 10 * 60_000
const ANSWER_LIMIT_BYTES = 64 * 1024 * 1024
