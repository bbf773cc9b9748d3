import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mimeBundle } from '../guest/mime.js'
import { findTool } from '../host/find-tool.js'
import { runTool } from '../host/run-tool.js'
import { makeScratch } from '../host/scratch.js'
import { CvmError } from '../model/errors.js'
import type { SeedPart } from '../model/rewrite.js'
import { readShebang } from '../plugins/script-file.js'
import { type MergedCloudConfig, mergeCloudConfigCall, readMergedCloudConfig } from '../tools/merge-cloud-config.js'
import { aptLine } from './tools-needed.js'

/**
 * The cloud-config that the guest's cloud-init will have, made by the merger of this host's.
 *
 * @throws {CvmError} TOOL_MISSING when cloud-init, or its Python, is not installed; TOOL_FAILED, TOOL_TIMED_OUT.
 */
export async function mergedCloudConfig(parts: readonly SeedPart[], signal: AbortSignal): Promise<MergedCloudConfig> {
  const python = await pythonOfCloudInit()
  await using scratch = await makeScratch(tmpdir(), 'cvm-render', 0o700)
  const workDir = join(scratch.path, 'work')
  const bundle = join(scratch.path, 'user-data')
  const loaded = await Promise.all(parts.map(async (part) => ({ ...part, bytes: await readFile(part.source) })))
  await mkdir(workDir)
  await writeFile(bundle, mimeBundle(loaded, '==cvm-rewrite-render=='), { mode: 0o600 })
  const call = mergeCloudConfigCall(python, bundle, workDir)
  const result = await runTool(call, { timeoutMs: LIMIT_MS, captureBytes: ANSWER_LIMIT_BYTES, signal })
  const merged = result.exitCode === 0 ? readMergedCloudConfig(result.stdout) : undefined
  if (merged !== undefined) return merged
  const lines = result.stderr.trim().split('\n').slice(-SHOWN_LINES)
  if (/^ModuleNotFoundError: No module named 'cloudinit/m.test(result.stderr)) throw notInstalled(lines.at(-1))
  throw new CvmError('TOOL_FAILED', 'the cloud-init of this host could not merge the cloud-configs', { lines })
}

/** Its program begins with the line that names it: PATH may have another Python first. */
async function pythonOfCloudInit(): Promise<readonly string[]> {
  const program = await findTool('cloud-init')
  if (program === undefined) throw notInstalled()
  const shebang = readShebang(await readFile(program))
  const isPython = 'interpreter' in shebang && shebang.interpreter.join(' ').includes('python')
  return isPython ? shebang.interpreter : ['python3']
}

function notInstalled(why = 'Its own merger is asked what becomes of the cloud-configs.'): CvmError {
  return new CvmError('TOOL_MISSING', 'cloud-init is not installed', { why, next: aptLine(['cloud-init']) })
}

/** It takes half a second; under a heavy load some. */
const LIMIT_MS = 2 * 60_000
const ANSWER_LIMIT_BYTES = 64 * 1024 * 1024
const SHOWN_LINES = 10
