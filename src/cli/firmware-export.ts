import { contentsBytes, exportedContents } from '../firmware/firmware-contents.js'
import type { StoredVariable } from '../firmware/store-types.js'
import { CvmError } from '../model/errors.js'
import { EXIT } from '../model/exit.js'
import { openFirmware, writeFirmware } from '../stages/firmware-file.js'
import { assertOutputFree } from '../stages/output-place.js'
import { complain } from './complain.js'
import { interruption } from './interruption.js'
import { outputPath } from './path-options.js'

export interface FirmwareExportOptions {
  readonly output?: string
  readonly force?: true
}

/** cvm-rewrite firmware export: all variables as JSON, to stdout or a file. */
export async function firmwareExport(path: string, options: FirmwareExportOptions): Promise<number> {
  using interrupted = interruption(() => {})
  try {
    const { force } = options
    const output = options.output === undefined ? undefined : exportPath(options.output)
    if (output !== undefined) await assertOutputFree(output, force === true, 'vars.json')
    const file = await openFirmware(path, interrupted.signal)
    const { variables } = file.contents
    const json = contentsBytes(file.contents.form === 'json' ? file.contents : exportedContents(variables))
    if (output === undefined) process.stdout.write(json)
    else await writeFirmware({ ...file, format: 'json' }, json, output, force === true ? 'replace' : 'refuse')
    if (variables.some(hasCounters)) process.stderr.write(LOST)
    return EXIT.ok
  } catch (error) {
    return await complain(error, false)
  }
}

/** @throws {CvmError} as outputPath. */
function exportPath(output: string): string {
  if (output === '-') throw new CvmError('USAGE', '-o names a file', { next: 'Leave -o out: then it goes to stdout.' })
  return outputPath(output)
}

function hasCounters({ monotonicCount = 0n, publicKeyIndex = 0 }: StoredVariable): boolean {
  return monotonicCount !== 0n || publicKeyIndex !== 0
}

const LOST = 'note: counters of the old authenticated writes are not zero; the JSON form has no place for them\n'
