import { describeVariable } from '../firmware/decode/describe.js'
import { DEFAULT_OWNER } from '../firmware/secure-boot/enrollment.js'
import { isSameVariable } from '../firmware/secure-boot/key-variables.js'
import type { StoreEdit } from '../firmware/store-access.js'
import type { FirmwareVariable } from '../firmware/variable.js'
import { printable } from '../guest/printable.js'
import { EXIT } from '../model/exit.js'
import { type Enrolled, enrollKeys } from '../stages/firmware-enroll.js'
import { colour } from './colours.js'
import { complain } from './complain.js'
import { interruption } from './interruption.js'
import { outputPath } from './path-options.js'

export interface EnrollOptions {
  readonly pk?: string
  readonly kek: readonly string[]
  readonly db: readonly string[]
  readonly dbx: readonly string[]
  readonly mok: readonly string[]
  readonly microsoft?: true
  readonly owner?: string
  readonly bootLoader: readonly string[]
  readonly acceptDoubts?: true
  readonly output: string
  readonly force?: true
  readonly json?: true
}

/** cvm-rewrite firmware enroll: a firmware file with keys of one's own. */
export async function firmwareEnroll(file: string, options: EnrollOptions, store: StoreEdit): Promise<number> {
  const json = options.json === true
  using interrupted = interruption(() => {})
  try {
    const { kek, db, dbx, mok } = options
    const request = {
      ...{ file, pk: options.pk, kek, db, dbx, mok },
      microsoft: options.microsoft === true,
      owner: options.owner ?? DEFAULT_OWNER,
      bootLoaders: options.bootLoader,
      acceptDoubts: options.acceptDoubts === true,
      output: { path: outputPath(options.output), force: options.force === true },
      now: new Date(),
    }
    const enrolled = await enrollKeys(request, store, interrupted.signal)
    process.stdout.write(
      json ? `${JSON.stringify(enrolledObject(enrolled, options.output))}\n` : enrolledText(enrolled, options.output),
    )
    return EXIT.ok
  } catch (error) {
    return await complain(error, json)
  }
}

function enrolledText({ before, set, accepted, notes }: Enrolled, output: string): string {
  return [
    ...set.flatMap((variable) => [
      `${colour.bold(variable.name)} ${changeOf(variable, before)}\n`,
      ...shownLines(describeVariable(variable)).map((line) => `  ${printable(line)}\n`),
    ]),
    ...accepted.map((line) => `${colour.green('accepted')} ${printable(line)}\n`),
    ...notes.map((note) => `${colour.cyan('note')} ${printable(note)}\n`),
    `${colour.dim(MEASUREMENTS)}\n`,
    `${colour.green.bold('wrote')} ${printable(output)}\n`,
  ].join('')
}

/** Microsoft's dbx alone has hundreds of entries; --json has them all. */
function shownLines(lines: readonly string[]): readonly string[] {
  if (lines.length <= MOST_LINES) return lines
  return [...lines.slice(0, MOST_LINES), `… and ${lines.length - MOST_LINES} more lines`]
}

function enrolledObject({ before, set, accepted, notes }: Enrolled, output: string): Readonly<Record<string, unknown>> {
  return {
    outcome: 'ok',
    output,
    variables: set.map((variable) => ({
      name: variable.name,
      guid: variable.guid,
      change: changeOf(variable, before),
      value: describeVariable(variable).map((line) => printable(line)),
    })),
    accepted: accepted.map((line) => printable(line)),
    notes: notes.map((note) => printable(note)),
  }
}

function changeOf(variable: FirmwareVariable, before: readonly FirmwareVariable[]): 'new' | 'unchanged' | 'replaced' {
  const old = before.find((each) => isSameVariable(each, variable))
  if (old === undefined) return 'new'
  return old.data.equals(variable.data) && old.attributes === variable.attributes ? 'unchanged' : 'replaced'
}

const MOST_LINES = 40
const MEASUREMENTS =
  'measurements: TDX: MRTD stays, RTMR0 changes; SEV-SNP: the launch digest changes when the keys are in the firmware file itself; TPM: PCR 7 changes'
