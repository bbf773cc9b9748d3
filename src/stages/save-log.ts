import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { codeOf } from '../host/take-name.js'
import { CvmError } from '../model/errors.js'
import type { BootHooks } from './boot-hooks.js'
import type { SavedLog } from './boot-request.js'
import { consolePathsIn } from './boot-results.js'
import { openConsoleFiles } from './console-files.js'
import type { GuestProbe } from './expect/probe.js'
import { saveTpmLog, TPM_LOG_FILES } from './save-tpm-log.js'

/**
 * Keeps the consoles of a boot test in a directory, and what the guest's TPM has measured when `probe` asks for it. What an earlier test
 * left there under the same names is removed.
 *
 * @throws {CvmError} OUTPUT_UNWRITABLE when the directory or its first file cannot be made.
 */
export async function saveLogHooks(dir: string, probe: GuestProbe | undefined): Promise<BootHooks> {
  try {
    await makeDirectory(resolve(dir))
    for (const name of TPM_LOG_FILES) await rm(join(dir, name), { force: true })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CvmError('OUTPUT_UNWRITABLE', `${dir} cannot be made`, { why, next: 'Give another --save-log.', cause })
  }
  const consoles = await openConsoleFiles(consolePathsIn(dir))
  const unsaved: string[] = []
  let ofTpm: Omit<SavedLog, 'dir'> = { files: [], registers: 0, differing: [] }
  return {
    onConsole: (console, chunk) => consoles.write(console, chunk),
    close: async () => {
      consoles.end()
      const tpm = probe?.tpm
      if (tpm === undefined) return
      try {
        ofTpm = await saveTpmLog(dir, tpm)
      } catch (error) {
        unsaved.push(`the log of the TPM is not complete: ${error instanceof Error ? error.message : String(error)}`)
      }
    },
    afterVerdict: async (result) => {
      const files = [...consoles.paths.map((path) => basename(path)), ...ofTpm.files]
      const all = [...result.unsaved, ...consoles.unsaved, ...unsaved]
      return { ...result, unsaved: all, savedLog: { ...ofTpm, dir, files } }
    },
  }
}

/**
 * Makes a directory and those above it, unless they are there. mkdir's own `recursive` never comes back from a place such as /proc,
 * where nothing can be made. Seen with Node 20.20.
 */
async function makeDirectory(dir: string): Promise<void> {
  if (existsSync(dir)) return
  if (!existsSync(dirname(dir))) await makeDirectory(dirname(dir))
  await mkdir(dir).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error
  })
}
