import { CvmError } from '../model/errors.js'
import type { FirmwareFinding } from './finding.js'

/**
 * Lint found no problem; warnings and notes do not count.
 *
 * @throws CvmError VARIABLE_STORE_DAMAGED with all problems.
 */
export function assertSound(findings: readonly FirmwareFinding[]): void {
  const problems = findings.filter(({ severity }) => severity === 'problem').map(({ text }) => text)
  const [first] = problems
  if (first === undefined) return
  throw new CvmError('VARIABLE_STORE_DAMAGED', 'the variables break rules of the firmware; nothing was written', {
    ...(problems.length === 1 ? { why: first } : { lines: problems }),
  })
}
