import { writeSync } from 'node:fs'
import { EXIT } from '../model/exit.js'

/**
 * A reader of our output that goes away (`| head`) is no error of ours: what else is printed is lost, the exit code stands.
 *
 * An stdout that takes nothing more (a full disk) loses the answer, so the exit code says so; a lost line of progress never
 * ends a run.
 */
export function ignoreClosedPipes(): void {
  process.stderr.on('error', () => {})
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || error.code === 'EIO') return
    process.once('exit', (code) => {
      if (code === EXIT.ok) process.exitCode = EXIT.io
      say(`error[IO_ERROR] stdout could not be written\n  why:  ${error.message}\n  next: Give it another place.\n`)
    })
  })
}

function say(text: string): void {
  try {
    writeSync(2, text)
  } catch {
    // Nobody can be told.
  }
}
