import { printable } from '../guest/printable.js'
import type { ExpectationFinding } from '../model/expectation.js'
import type { BootTestResult } from '../stages/boot-request.js'
import { type JunitCase, junitXml } from './junit.js'
import { errorObject, errorText } from './print-error.js'

/** One case for the boot, one for each expectation. */
export function junitOf(result: BootTestResult, image: string): string {
  const { milestones, tail, verdict } = result
  const output = [
    ...milestones.map(({ name, seconds, detail }) => `${name} after ${seconds.toFixed(1)} s ${detail}`.trimEnd()),
    ...(verdict.ok ? [] : ['', 'Last console lines:', ...tail]),
  ]
  const cases = [bootCase(result), ...(result.expectations ?? []).map(expectationCase)]
  return junitXml(suiteOf(image), cases, output)
}

/** A test that came to no verdict: it could not be made, or was interrupted. */
export function junitOfError(error: unknown, image: string): string {
  const { code, message } = errorObject(error)
  const problem = { message: `${code}: ${message}`, text: errorText(error) }
  return junitXml(suiteOf(image), [{ name: BOOT_CASE, seconds: 0, error: problem }], [])
}

/** What stands in the file while the test runs, and afterwards when it was killed. */
export function junitOfBegun(image: string): string {
  const problem = { message: 'the test has not ended', text: 'It still runs, or it was killed.' }
  return junitXml(suiteOf(image), [{ name: BOOT_CASE, seconds: 0, error: problem }], [])
}

function suiteOf(image: string): string {
  return `cvm-qemu-test ${printable(image)}`
}

function bootCase({ verdict, seconds }: BootTestResult): JunitCase {
  // What is not as expected has cases of its own.
  if (verdict.ok || verdict.error.code === 'EXPECTATION_FAILED') return { name: BOOT_CASE, seconds }
  const { error } = verdict
  return { name: BOOT_CASE, seconds, failure: { message: `${error.code}: ${error.message}`, text: errorText(error) } }
}

function expectationCase({ what, ok, expected, seen }: ExpectationFinding): JunitCase {
  const name = `${what}: ${expected}`
  if (ok) return { name, seconds: 0 }
  return { name, seconds: 0, failure: { message: `seen: ${seen}`, text: `expected: ${expected}\nseen: ${seen}` } }
}

const BOOT_CASE = 'comes up'
