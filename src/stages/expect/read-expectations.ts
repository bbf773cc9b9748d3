import { CvmError } from '../../model/errors.js'
import type { Expectation } from '../../model/expectation.js'
import { readFormBytes } from '../../plugins/manifest/read-form-bytes.js'
import { readExpectBytes } from './read-expect-file.js'
import { readShortForm, splitShortForm } from './short-form.js'

/**
 * What the words behind --expect say together: each one is a short form, such as `unit=ssh.service`, or the path of a YAML file
 * (one with a sign in its name is given as ./name).
 *
 * @throws CvmError EXPECTATIONS_INVALID with every mistake of all of them; the reason of `signal`, which ends the wait for a pipe.
 */
export async function readExpectations(
  words: readonly string[],
  signal?: AbortSignal,
): Promise<readonly Expectation[]> {
  const expectations: Expectation[] = []
  const mistakes: string[] = []
  for (const word of words) {
    const form = splitShortForm(word)
    const reading = form === undefined ? await readExpectFile(word, signal) : await shortForm(word, form)
    if ('mistakes' in reading) mistakes.push(...reading.mistakes)
    else expectations.push(...reading.expectations)
  }
  if (expectations.length > MOST_EXPECTATIONS) mistakes.push(`there are more than ${MOST_EXPECTATIONS} expectations`)
  const [first, ...others] = mistakes
  if (first === undefined) return expectations
  const message = others.length === 0 ? 'An expectation is wrong' : `${mistakes.length} expectations are wrong`
  throw new CvmError('EXPECTATIONS_INVALID', message, others.length === 0 ? { why: first } : { lines: mistakes })
}

type Reading = Awaited<ReturnType<typeof readExpectBytes>>

async function shortForm(word: string, form: Parameters<typeof readShortForm>[0]): Promise<Reading> {
  const reading = await readShortForm(form)
  return 'wrong' in reading
    ? { mistakes: [`--expect ${word.slice(0, 80)}: ${reading.wrong}`] }
    : { expectations: [reading] }
}

async function readExpectFile(file: string, signal: AbortSignal | undefined): Promise<Reading> {
  let bytes: Buffer
  try {
    bytes = await readFormBytes(file, signal)
  } catch (error) {
    signal?.throwIfAborted()
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'no file'
    const what = why === 'ENOENT' ? NO_FILE : `cannot be read (${why})`
    return { mistakes: [`--expect ${file.slice(0, 80)}: ${what}`] }
  }
  return readExpectBytes(bytes, file)
}

const MOST_EXPECTATIONS = 1000
const NO_FILE = 'there is no such file; without one, write kind=value, such as unit=ssh.service or cmdline!=quiet'
