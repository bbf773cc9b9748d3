import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ConsolePort } from '../guest/console-choice.js'
import { CappedLog } from '../host/capped-log.js'
import { CvmError } from '../model/errors.js'
import type { BootHooks } from './boot-hooks.js'
import type { SavedLog } from './boot-request.js'
import type { GuestProbe } from './expect/probe.js'
import { saveTpmLog } from './save-tpm-log.js'

/**
 * Keeps the consoles of a boot test in a directory, and what the guest's TPM has measured when `probe` asks for it.
 * console.log is what came from the serial port, console-hvc0.log what came from the virtio console, if anything did.
 *
 * @throws {CvmError} OUTPUT_UNWRITABLE when the directory cannot be made.
 */
export async function saveLogHooks(dir: string, probe: GuestProbe | undefined): Promise<BootHooks> {
  await mkdir(dir, { recursive: true }).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CvmError('OUTPUT_UNWRITABLE', `${dir} cannot be made`, { why, next: 'Give another --save-log.', cause })
  })
  const logs = new Map<ConsolePort, CappedLog>()
  let saved: SavedLog | undefined
  return {
    onConsole: (console, chunk) => {
      const log = logs.get(console) ?? consoleLog(join(dir, CONSOLE_FILES[console]))
      logs.set(console, log)
      log.write(chunk)
    },
    afterStop: async () => {
      for (const log of logs.values()) log.end()
      const consoles = [...logs.keys()].map((console) => CONSOLE_FILES[console])
      const tpm = probe?.tpm
      const ofTpm = tpm === undefined ? { files: [], registers: 0, differing: [] } : await saveTpmLog(dir, tpm)
      saved = { dir, ...ofTpm, files: [...consoles, ...ofTpm.files] }
    },
    afterVerdict: async (result) => (saved === undefined ? result : { ...result, savedLog: saved }),
  }
}

function consoleLog(path: string): CappedLog {
  return new CappedLog({ path, headBytes: HALF_BYTES, tailBytes: HALF_BYTES })
}

const CONSOLE_FILES: Readonly<Record<ConsolePort, string>> = { ttyS0: 'console.log', hvc0: 'console-hvc0.log' }
/** A guest that prints without an end must not fill the disk. */
const HALF_BYTES = 8 * 1024 * 1024
