import type { Expectation } from '../model/expectation.js'
import type { BootHooks } from './boot-hooks.js'
import type { BootTestRequest } from './boot-request.js'
import { consolePaths } from './boot-results.js'
import { openHooks } from './compose-hooks.js'
import type { GuestProbe } from './expect/probe.js'

/**
 * What the request itself asks to be added. What may be missing or wrong is told before any file is opened.
 *
 * @throws {CvmError} TOOL_MISSING, OUTPUT_UNWRITABLE.
 */
export async function hooksFor(request: BootTestRequest, expectations: readonly Expectation[]): Promise<BootHooks> {
  const hasTpm = request.launch.wishes.tpm === true
  const tpm = hasTpm ? await tpmHooks() : {}
  const { saveLogDir, consoleFile } = request
  const probe = await probeOf(expectations, hasTpm && saveLogDir !== undefined)
  return await openHooks(
    async () => tpm,
    async () => probe?.hooks ?? {},
    async () => await logHooks(saveLogDir, probe?.probe),
    async () => await consoleHooks(consoleFile),
  )
}

async function tpmHooks(): Promise<BootHooks> {
  const { requireSwtpm, startBootTpm } = await import('./boot-tpm.js')
  // Missing programs are told before an image is copied.
  await requireSwtpm()
  return { startTpm: startBootTpm }
}

async function probeOf(
  expectations: readonly Expectation[],
  tpm: boolean,
): Promise<{ readonly probe: GuestProbe; readonly hooks: BootHooks } | undefined> {
  if (expectations.length === 0 && !tpm) return undefined
  const { probeFor, probeHooks } = await import('./expect/probe-hooks.js')
  const probe = probeFor(expectations, tpm)
  return { probe, hooks: probeHooks(probe) }
}

async function logHooks(dir: string | undefined, probe: GuestProbe | undefined): Promise<BootHooks> {
  if (dir === undefined) return {}
  const { saveLogHooks } = await import('./save-log.js')
  return await saveLogHooks(dir, probe)
}

async function consoleHooks(file: string | undefined): Promise<BootHooks> {
  if (file === undefined) return {}
  const { consoleFileHooks } = await import('./console-files.js')
  return await consoleFileHooks(consolePaths(file))
}
