import { fromSystem } from '../model/system-error.js'
import { errorObject, errorText, exitCodeOf } from './print-error.js'

/** Tells an error, for a person or as the one JSON object, and gives the exit code for it. */
export async function complain(thrown: unknown, json: boolean): Promise<number> {
  const error = fromSystem(thrown)
  if (json) process.stdout.write(`${JSON.stringify({ outcome: 'error', error: errorObject(error) })}\n`)
  else process.stderr.write(errorText(error))
  return exitCodeOf(error)
}
