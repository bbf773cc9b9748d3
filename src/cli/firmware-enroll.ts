import { DEFAULT_OWNER } from '../firmware/secure-boot/enrollment.js'
import { printable } from '../guest/printable.js'
import { EXIT } from '../model/exit.js'
import { type Enrolled, enrollKeys } from '../stages/firmware-enroll.js'
import { colour } from './colours.js'
import { complain } from './complain.js'
import { editRequest, type FirmwareEditOptions } from './firmware-edit.js'
import { editObject, editText } from './firmware-edit-formats.js'
import { interruption } from './interruption.js'

export interface EnrollOptions extends FirmwareEditOptions {
  readonly pk?: string
  readonly kek: readonly string[]
  readonly db: readonly string[]
  readonly dbx: readonly string[]
  readonly mok: readonly string[]
  readonly microsoft?: true
  readonly owner?: string
  readonly bootLoader: readonly string[]
  readonly acceptDoubts?: true
}

/** cvm-rewrite firmware enroll: a firmware file with keys of one's own. */
export async function firmwareEnroll(file: string, options: EnrollOptions): Promise<number> {
  const json = options.json === true
  using interrupted = interruption(() => {})
  try {
    const { pk, kek, db, dbx, mok } = options
    const request = {
      ...editRequest(file, options),
      ...{ pk, kek, db, dbx, mok },
      microsoft: options.microsoft === true,
      owner: options.owner ?? DEFAULT_OWNER,
      bootLoaders: options.bootLoader,
      acceptDoubts: options.acceptDoubts === true,
      now: new Date(),
    }
    const enrolled = await enrollKeys(request, interrupted.signal)
    process.stdout.write(json ? `${JSON.stringify(enrolledObject(enrolled))}\n` : enrolledText(enrolled))
    return EXIT.ok
  } catch (error) {
    return await complain(error, json)
  }
}

function enrolledText({ edit, accepted, notes }: Enrolled): string {
  return [
    editText(edit),
    ...accepted.map((line) => `${colour.green('accepted')} ${printable(line)}\n`),
    ...notes.map((note) => `${colour.cyan('note')} ${printable(note)}\n`),
  ].join('')
}

function enrolledObject({ edit, accepted, notes }: Enrolled): object {
  return {
    ...editObject(edit),
    accepted: accepted.map((line) => printable(line)),
    notes: notes.map((note) => printable(note)),
  }
}
