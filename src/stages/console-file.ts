import { rm } from 'node:fs/promises'
import { CappedLog } from '../host/capped-log.js'
import { CvmError } from '../model/errors.js'
import type { BootHooks } from './boot-hooks.js'
import { assertResultPlace } from './result-place.js'

/**
 * Writes all bytes of the first serial port to a file, and those of the virtio console to FILE.hvc0 once it says something. Both are
 * readable by their owner only, and keep the first and the last 8 MiB of a flood.
 *
 * @throws {CvmError} USAGE when the file is the image; OUTPUT_UNWRITABLE.
 */
export async function consoleFileHooks(file: string, image: string): Promise<BootHooks> {
  await assertResultPlace('--console', file, image)
  await rm(`${file}.hvc0`, { force: true })
  const serial = openLog(file)
  let virtio: CappedLog | undefined
  return {
    onConsole: (port, chunk) => {
      if (port === 'hvc0') virtio ??= openLog(`${file}.hvc0`)
      ;(port === 'hvc0' ? virtio : serial)?.write(chunk)
    },
    afterStop: async () => {
      serial.end()
      virtio?.end()
    },
  }
}

function openLog(path: string): CappedLog {
  const log = new CappedLog({ path, headBytes: HALF_BYTES, tailBytes: HALF_BYTES })
  if (log.failure === undefined) return log
  throw new CvmError('OUTPUT_UNWRITABLE', `the console cannot be written to ${path}`, {
    why: log.failure instanceof Error ? log.failure.message : String(log.failure),
    cause: log.failure,
  })
}

const HALF_BYTES = 8 << 20
