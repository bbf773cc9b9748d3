import { existsSync } from 'node:fs'
import { chmod, chown, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { findTool } from '../host/find-tool.js'
import { identifyProcess } from '../host/processes.js'
import { runTool, runToolOrFail } from '../host/run-tool.js'
import { CvmError } from '../model/errors.js'
import { SWTPM_PACKAGES, swtpmSetupCall, swtpmSocketCall } from '../tools/swtpm.js'
import type { BootPlace, BootTpm } from './boot-hooks.js'
import { aptLine } from './tools-needed.js'

/**
 * Makes a new TPM in the scratch and plays it, as the account that QEMU runs as. It ends with the machine that connects to it,
 * with the disposal, and, when we are killed, by the janitor.
 *
 * @throws {CvmError} TOOL_MISSING, TOOL_FAILED, TOOL_TIMED_OUT.
 */
export async function startBootTpm({ scratchDir, account, janitor }: BootPlace): Promise<BootTpm> {
  await requireSwtpm()
  const ours = {
    ...(account === undefined ? {} : { as: account }),
    onStart: (pid: number) => {
      const process = identifyProcess(pid)
      if (process !== undefined) janitor.watchPid(process.pid, process.startTime)
    },
  }
  const stateDir = join(scratchDir, 'tpm')
  await mkdir(stateDir)
  await chmod(stateDir, 0o700)
  if (account !== undefined) await chown(stateDir, account.uid, account.gid)
  // It starts a swtpm of its own, which would outlive it.
  await runToolOrFail(swtpmSetupCall(stateDir), { ...ours, timeoutMs: SETUP_MS })

  // In its own directory, which its account may write.
  const socketPath = join(stateDir, 'socket')
  const stop = new AbortController()
  const ended = runTool(swtpmSocketCall(stateDir, socketPath), {
    ...ours,
    signal: stop.signal,
    graceMs: GRACE_MS,
  })
  const outcome = ended.then(
    ({ stderr, stdout }) => (stderr.trim() === '' ? stdout : stderr).trim(),
    (error: unknown) => String(error),
  )
  const end = async () => {
    stop.abort(new Error('the TPM is not needed any more'))
    await outcome
  }
  const started = await Promise.race([listening(socketPath), outcome])
  if (started === true) return { socketPath, [Symbol.asyncDispose]: end }
  await end()
  if (started === false) throw new CvmError('TOOL_TIMED_OUT', `swtpm did not listen within ${START_MS / 1000} s`)
  throw new CvmError('TOOL_FAILED', 'swtpm did not start', { why: started.split('\n').at(-1) ?? '' })
}

/** @throws {CvmError} TOOL_MISSING when there is no swtpm. */
export async function requireSwtpm(): Promise<void> {
  const found = await Promise.all(['swtpm', 'swtpm_setup'].map(findTool))
  if (!found.includes(undefined)) return
  throw new CvmError('TOOL_MISSING', 'swtpm is not installed', {
    why: 'it plays the TPM of the guest',
    next: aptLine(SWTPM_PACKAGES),
  })
}

/** True once the socket is there; false when it takes too long. */
async function listening(socketPath: string): Promise<boolean> {
  const limit = performance.now() + START_MS
  while (performance.now() < limit) {
    if (existsSync(socketPath)) return true
    await delay(LOOK_MS)
  }
  return false
}

const SETUP_MS = 60_000
const START_MS = 10_000
const LOOK_MS = 20
const GRACE_MS = 2_000
