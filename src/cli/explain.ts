import { ERRORS, type ErrorCode } from '../model/error-table.js'
import { CvmError } from '../model/errors.js'
import { EXIT } from '../model/exit.js'
import { complain } from './complain.js'

/** cvm-rewrite explain CODE. */
export async function explain(code: string): Promise<number> {
  const name = code.toUpperCase()
  if (!isCode(name)) {
    return await complain(
      new CvmError('USAGE', `there is no error code ${code}`, {
        lines: Object.keys(ERRORS),
        next: 'Use one of these codes.',
      }),
      false,
    )
  }
  const { exit, meaning, next } = ERRORS[name]
  process.stdout.write(`${name} (exit code ${EXIT[exit]})\n  ${meaning}\n  next: ${next}\n`)
  return 0
}

function isCode(name: string): name is ErrorCode {
  return Object.hasOwn(ERRORS, name)
}
