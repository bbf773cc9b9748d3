import { readlink } from 'node:fs/promises'
import type { ReadStream, WriteStream } from 'node:tty'
import type { Janitor } from './janitor.js'
import { runToolOrFail } from './run-tool.js'
import { TERMINAL_RESET } from './terminal-reset.js'

/** The terminal of the person, in raw mode: every key is a byte. Disposing of it gives it back as it was. */
export interface Terminal extends Disposable {
  show(bytes: Uint8Array): void
}

/**
 * Takes the terminal over. Its settings come back with `dispose`, and by the janitor when this process is killed.
 *
 * @throws CvmError TOOL_MISSING, TOOL_FAILED when its settings cannot be read.
 */
export async function openTerminal(input: {
  readonly stdin: ReadStream
  readonly stdout: WriteStream
  readonly onKeys: (bytes: Buffer) => void
  readonly janitor: Pick<Janitor, 'watchTerminal'>
}): Promise<Terminal> {
  const { stdin, stdout, onKeys, janitor } = input
  const path = await readlink('/proc/self/fd/0')
  const settings = await runToolOrFail({ tool: 'stty', args: ['-F', path, '-g'] })
  janitor.watchTerminal(path, settings.stdout.trim())
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
