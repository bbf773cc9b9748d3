import { lstatSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { makeScratch } from '../host/scratch.js'
import { publish } from '../image/publish.js'
import { CvmError } from '../model/errors.js'

/** Where a command writes its one file. */
export interface OutputFile {
  readonly path: string
  /** Replace what is there. */
  readonly force: boolean
}

/** Asked before any work: @throws {CvmError} OUTPUT_EXISTS. */
export function refuseExisting({ path, force }: OutputFile): void {
  if (!force && lstatSync(path, { throwIfNoEntry: false }) !== undefined)
    throw new CvmError('OUTPUT_EXISTS', `${path} is already there`)
}

/**
 * Writes a file whole or not at all.
 *
 * @throws {CvmError} OUTPUT_EXISTS, OUTPUT_UNWRITABLE, NO_SPACE, IO_ERROR.
 */
export async function publishBytes(bytes: Buffer, output: OutputFile): Promise<void> {
  const outputPath = resolve(output.path)
  await using scratch = await makeScratch(dirname(outputPath), `.${basename(outputPath)}`, 0o700)
  const candidatePath = join(scratch.path, 'new')
  await writeFile(candidatePath, bytes)
  await publish({ candidatePath, outputPath, existing: output.force ? 'replace' : 'refuse' })
}
