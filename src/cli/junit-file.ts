import { firstBytes, writeResult } from '../host/write-result.js'
import { writeTarget } from '../host/write-target.js'
import { CvmError } from '../model/errors.js'
import type { BootTestResult } from '../stages/boot-request.js'
import { junitOf, junitOfBegun, junitOfError } from './qemu-test-junit.js'

/** The file of --junit, which tells of this run and of no earlier one from the moment that it is begun. */
export interface JunitFile {
  /** @throws {CvmError} OUTPUT_UNWRITABLE, NO_SPACE, IO_ERROR. */
  writeResult(result: BootTestResult): Promise<void>
  /** @throws {CvmError} as above. */
  writeError(error: unknown): Promise<void>
}

/**
 * Puts a report there that says that the test has not ended, in place of an older one. A terminal or a pipe gets only what comes
 * at the end.
 *
 * @throws {CvmError} OUTPUT_EXISTS when a file is there that is no report; OUTPUT_UNWRITABLE, NO_SPACE, IO_ERROR.
 */
export async function beginJunitFile(path: string, image: string): Promise<JunitFile> {
  const target = await writeTarget(path)
  if (target.kind === 'file') {
    await assertNothingElse(path)
    await writeResult(target, junitOfBegun(image))
  }
  return {
    writeResult: async (result) => await writeResult(target, junitOf(result, image)),
    writeError: async (error) => await writeResult(target, junitOfError(error, image)),
  }
}

/** A slip, such as the name of a disk that only a launch file names, costs nobody a file. */
async function assertNothingElse(path: string): Promise<void> {
  const start = (await firstBytes(path, 64)).toString('utf8')
  if (/^\ufeff?\s*(?:<\?xml|<testsuite|$)/.test(start)) return
  throw new CvmError('OUTPUT_EXISTS', `--junit ${path} is there, and is no JUnit report`, {
    why: 'it would be replaced; only a report of an earlier test is',
    next: 'Give another file, or remove that one.',
  })
}
