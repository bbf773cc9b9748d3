import { printable } from '../guest/printable.js'
import { writeWholeFile } from '../host/write-whole-file.js'
import type { ExpectationFinding } from '../model/expectation.js'
import type { BootTestResult } from '../stages/boot-request.js'
import { type JunitCase, junitXml } from './junit.js'
import { errorText } from './print-error.js'

/**
 * Writes the result as a JUnit report, in place of an older one.
 *
 * @throws {CvmError} OUTPUT_UNWRITABLE.
 */
export async function writeJunit(path: string, result: BootTestResult, image: string): Promise<void> {
  const bytes = Buffer.from(junitOf(result, image))
  await writeWholeFile({ path, bytes, mode: 0o644, existing: 'replace' })
}

/** One case for the boot, one for each expectation. */
export function junitOf(result: BootTestResult, image: string): string {
  const { milestones, tail, verdict } = result
  const output = [
    ...milestones.map(({ name, seconds, detail }) => `${name} after ${seconds.toFixed(1)} s ${detail}`.trimEnd()),
    ...(verdict.ok ? [] : ['', 'Last console lines:', ...tail]),
  ]
  const cases = [bootCase(result), ...(result.expectations ?? []).map(expectationCase)]
  return junitXml(`cvm-qemu-test ${printable(image)}`, cases, output)
}

function bootCase({ verdict, seconds }: BootTestResult): JunitCase {
  // What is not as expected has cases of its own.
  if (verdict.ok || verdict.error.code === 'EXPECTATION_FAILED') return { name: 'comes up', seconds }
  const { error } = verdict
  return { name: 'comes up', seconds, failure: { message: `${error.code}: ${error.message}`, text: errorText(error) } }
}

function expectationCase({ what, ok, expected, seen }: ExpectationFinding): JunitCase {
  const name = `${what}: ${expected}`
  if (ok) return { name, seconds: 0 }
  return { name, seconds: 0, failure: { message: `seen: ${seen}`, text: `expected: ${expected}\nseen: ${seen}` } }
}
