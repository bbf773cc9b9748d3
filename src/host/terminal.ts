import { readlink } from 'node:fs/promises'
import type { ReadStream, WriteStream } from 'node:tty'
import type { Janitor } from './janitor.js'
import { runToolOrFail } from './run-tool.js'
import { TERMINAL_RESET } from './terminal-reset.js'

/** The terminal of the person, in raw mode: every key is a byte. Disposing of it gives it back as it was. */
export interface Terminal extends Disposable {
  show(bytes: Uint8Array): void
}

export interface TerminalStreams {
  readonly stdin: ReadStream
  readonly stdout: WriteStream
  readonly janitor: Pick<Janitor, 'watchTerminal'>
}

/**
 * Reads the terminal's settings, which the janitor gives back when this process is killed; what is returned takes the terminal over.
 *
 * @throws CvmError TOOL_MISSING, TOOL_FAILED when its settings cannot be read.
 */
export async function prepareTerminal({
  stdin,
  stdout,
  janitor,
}: TerminalStreams): Promise<(onKeys: (bytes: Buffer) => void) => Terminal> {
  const path = await readlink('/proc/self/fd/0')
  const settings = await runToolOrFail({ tool: 'stty', args: ['-F', path, '-g'] })
  janitor.watchTerminal(path, settings.stdout.trim())
  return (onKeys) => {
    stdin.setRawMode(true)
    stdin.on('data', onKeys)
    stdin.resume()
    return {
      show: (bytes) => {
        stdout.write(bytes)
      },
      [Symbol.dispose]: () => {
        stdin.off('data', onKeys)
        stdin.setRawMode(false)
        stdin.pause()
        stdin.unref()
        stdout.write(`${TERMINAL_RESET}\r\n`)
      },
    }
  }
}
