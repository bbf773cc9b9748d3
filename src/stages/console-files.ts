import { rm } from 'node:fs/promises'
import type { ConsolePort } from '../guest/console-choice.js'
import { CappedLog } from '../host/capped-log.js'
import { type WriteTarget, writeTarget } from '../host/write-target.js'
import { CvmError } from '../model/errors.js'
import type { BootHooks } from './boot-hooks.js'

/** The consoles of a guest, each in a file of its own; all bytes, but for the middle of a flood. */
export interface ConsoleFiles {
  /** What never fails a boot test: `unsaved` tells. */
  write(console: ConsolePort, chunk: Buffer): void
  end(): void
  /** Of what is there. */
  readonly paths: readonly string[]
  /** Why something is missing in them; said once they are ended. */
  readonly unsaved: readonly string[]
}

/**
 * Makes the file of the serial port, and that of the virtio console once it says something; one that an earlier test left there is removed.
 * They are readable by their owner only, and keep the first and the last 8 MiB of a flood. A terminal or a pipe in place of the
 * serial port's file takes both as they come.
 *
 * @throws {CvmError} OUTPUT_UNWRITABLE.
 */
export async function openConsoleFiles(paths: Readonly<Record<ConsolePort, string>>): Promise<ConsoleFiles> {
  const target = await writeTarget(paths.ttyS0)
  const serial = { path: paths.ttyS0, log: openLog(target) }
  if (serial.log.failure !== undefined) throw unwritable(paths.ttyS0, serial.log.failure)
  if (target.kind === 'file') {
    await rm(paths.hvc0, { force: true }).catch((cause: unknown) => {
      serial.log.end()
      throw unwritable(paths.hvc0, cause)
    })
  }
  let virtio = target.kind === 'file' ? undefined : serial
  const open = () => [...new Set([serial, virtio ?? serial])]
  return {
    write(console, chunk) {
      if (console === 'hvc0') virtio ??= { path: paths.hvc0, log: openLog({ kind: 'file', path: paths.hvc0 }) }
      ;(console === 'hvc0' ? virtio : serial)?.log.write(chunk)
    },
    end() {
      for (const { log } of open()) log.end()
    },
    get paths() {
      return open().map(({ path }) => path)
    },
    get unsaved() {
      return open().flatMap(({ path, log }) =>
        log.failure === undefined ? [] : [`${path} is not complete: ${words(log.failure)}`],
      )
    },
  }
}

/** `--console FILE`. */
export async function consoleFileHooks(paths: Readonly<Record<ConsolePort, string>>): Promise<BootHooks> {
  const files = await openConsoleFiles(paths)
  return {
    onConsole: (console, chunk) => files.write(console, chunk),
    close: async () => files.end(),
    afterVerdict: async (result) => ({ ...result, unsaved: [...result.unsaved, ...files.unsaved] }),
  }
}

function openLog(target: WriteTarget): CappedLog {
  return new CappedLog({ target, headBytes: HALF_BYTES, tailBytes: HALF_BYTES })
}

function unwritable(path: string, cause: unknown): CvmError {
  const next = 'Give another --console or --save-log.'
  return new CvmError('OUTPUT_UNWRITABLE', `the console cannot be written to ${path}`, {
    why: words(cause),
    next,
    cause,
  })
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** A guest that prints without an end must not fill the disk. */
const HALF_BYTES = 8 << 20
