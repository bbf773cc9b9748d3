import { basename } from 'node:path'
import { assertSound } from '../firmware/assert-sound.js'
import { applyEdits, type VariableEdit } from '../firmware/edit-variables.js'
import { type FirmwareFinding, problem } from '../firmware/finding.js'
import { contentsBytes, type FirmwareContents, lintContents, withVariables } from '../firmware/firmware-contents.js'
import { lintNames } from '../firmware/lint-variables.js'
import { type FirmwareSide, type MeasurementEffects, measurementEffects } from '../firmware/measurement-effects.js'
import type { StoredVariable } from '../firmware/store-types.js'
import { changesBetween, type VariableChanges } from '../firmware/variable-changes.js'
import { CvmError } from '../model/errors.js'
import { flashMisfit } from '../model/flash-pair.js'
import { type FirmwareFile, flashBytes, openFirmware, writeFirmware } from './firmware-file.js'
import { assertNoInput, assertOutputFree } from './output-place.js'

export interface FirmwareEditRequest {
  readonly file: string
  readonly output: string
  /** Replace the output when it is there, which may be the file itself. */
  readonly force: boolean
  /** The code file that will run with these variables, to compare the sizes. */
  readonly code?: string
}

/** The edits to make, from the variables that are there. */
export type ChooseEdits = (
  variables: readonly StoredVariable[],
) => readonly VariableEdit[] | Promise<readonly VariableEdit[]>

/** What an edit was, once it is on disk. */
export interface FirmwareEdit {
  readonly output: string
  readonly before: FirmwareContents
  readonly after: FirmwareContents
  readonly changes: VariableChanges
  readonly effects: MeasurementEffects
  /** What lint says of the new contents; never a problem. */
  readonly findings: readonly FirmwareFinding[]
}

/**
 * Changes variables of a file and writes the result to another one. Everything is checked before anything is written.
 *
 * @throws CvmError as openFirmware, lintFirmware and writeFirmware; USAGE; VARIABLE_STORE_DAMAGED, VARIABLE_STORE_FULL; OUTPUT_*; whatever `choose` throws.
 */
export async function editFirmware(
  request: FirmwareEditRequest,
  choose: ChooseEdits,
  signal?: AbortSignal,
): Promise<FirmwareEdit> {
  await assertOutputFree(request.output, request.force, basename(request.file))
  if (request.code !== undefined) await assertNoInput(request.output, [['--code', request.code]])
  const file = await openFirmware(request.file, signal)
  assertSameForm(file, request.output)
  if (request.code !== undefined) await assertPair(file, request.code)
  assertSound(lintContents(file.contents))

  const edits = await choose(file.contents.variables)
  assertSound(lintNames(edits.flatMap((edit) => (edit.kind === 'set' ? [edit.variable] : []))))
  const after = withVariables(file.contents, applyEdits(file.contents.variables, edits))
  const findings = lintContents(after)
  assertSound(findings)

  await writeFirmware(file, contentsBytes(after), request.output, request.force ? 'replace' : 'refuse', signal)
  const before = file.contents
  return {
    output: request.output,
    before,
    after,
    changes: changesBetween(before.variables, after.variables),
    effects: measurementEffects(before.kind, sideOf(before), sideOf(after)),
    findings,
  }
}

/**
 * What lint says of a file, and of the code file that is to run with it.
 *
 * @throws CvmError USAGE for a code file beside the JSON form, which has no size; as flashBytes.
 */
export async function lintFirmware(file: FirmwareFile, code?: string): Promise<readonly FirmwareFinding[]> {
  const pair = code === undefined ? [] : await pairFindings(file, code)
  return [...pair, ...lintContents(file.contents)]
}

async function assertPair(file: FirmwareFile, code: string): Promise<void> {
  const [finding] = await pairFindings(file, code)
  if (finding === undefined) return
  throw new CvmError('FIRMWARE_FILE_REFUSED', 'code and variables do not belong together', {
    why: finding.text,
    next: 'Take both from one build, for example OVMF_CODE_4M.fd and OVMF_VARS_4M.fd.',
  })
}

async function pairFindings({ contents, path }: FirmwareFile, code: string): Promise<readonly FirmwareFinding[]> {
  if (contents.form === 'json')
    throw new CvmError('USAGE', `--code compares the sizes of two halves of a flash, and ${path} is JSON`, {
      next: 'Leave --code out.',
    })
  const misfit = flashMisfit(await flashBytes(code), contents.file.length)
  return misfit === undefined ? [] : [problem(misfit)]
}

/** The output has the form of the input; a name that says another one would mislead people and programs. */
function assertSameForm({ format, path }: FirmwareFile, output: string): void {
  const ending = /\.(?:qcow2|json|fd|raw|bin)$/i.exec(output)?.[0].toLowerCase()
  const fitting = ENDINGS[format]
  if (ending === undefined || fitting.includes(ending)) return
  const next =
    ending === '.json'
      ? 'To write variables as JSON: cvm-rewrite firmware export FILE -o vars.json'
      : `Give a name that ends in ${fitting.join(' or ')}.`
  throw new CvmError('USAGE', `the output ${output} would be ${format}, as ${path} is`, { next })
}

function sideOf(contents: FirmwareContents): FirmwareSide {
  const volume = contents.form === 'json' ? Buffer.alloc(0) : contents.store.volume
  return { variables: contents.variables, volume }
}

const ENDINGS: Readonly<Record<FirmwareFile['format'], readonly string[]>> = {
  raw: ['.fd', '.raw', '.bin'],
  qcow2: ['.qcow2'],
  json: ['.json'],
}
