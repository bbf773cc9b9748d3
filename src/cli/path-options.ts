import { basename, resolve } from 'node:path'
import { CvmError } from '../model/errors.js'

/**
 * The path of -i as it was given; `example` is what to type when it was not.
 *
 * @throws {CvmError} USAGE, INPUT_NOT_A_FILE.
 */
export function inputPath(path: string | undefined, example: string): string {
  if (path === undefined) throw new CvmError('USAGE', 'no input image', { next: `Give one: ${example}` })
  if (path === '') throw new CvmError('USAGE', 'an empty path was given with -i')
  if (path === '-') {
    const next = 'Save it first and give the file (a file of this name: -i ./-).'
    throw new CvmError('INPUT_NOT_A_FILE', 'standard input is not a regular file', { next })
  }
  return path
}

/**
 * The path of -o as it was given, when an image and the report beside it can have it.
 *
 * @throws {CvmError} USAGE.
 */
export function outputPath(path: string): string {
  if (path === '') throw new CvmError('USAGE', 'an empty path was given with -o')
  const next = 'Give a file name, for example -o output.qcow2'
  if (path === '-') throw new CvmError('USAGE', 'the output is a file; it is not written to stdout', { next })
  if (/(?:^|\/)\.{0,2}$/.test(path)) throw new CvmError('OUTPUT_UNWRITABLE', `-o ${path} names a directory`, { next })
  // What is not UTF-8 has become this character before we see it: the output would get another name.
  if (resolve(path).includes('\uFFFD')) {
    const why = 'its name, or that of a directory above it, is not valid UTF-8'
    throw new CvmError('USAGE', `the output cannot be ${path}`, { why, next })
  }
  const bytes = Buffer.byteLength(basename(path))
  if (bytes > LONGEST_NAME) {
    const why = `it has ${bytes} bytes; ${LONGEST_NAME} leave room for the endings of what lies beside it`
    throw new CvmError('USAGE', 'the name of the output is too long', { why, next })
  }
  return path
}

/** 255 is what file systems take; `.report.json` and the id of the run are added. */
const LONGEST_NAME = 230
