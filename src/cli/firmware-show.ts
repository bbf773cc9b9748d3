import { EXIT } from '../model/exit.js'
import { lintFirmware } from '../stages/edit-firmware.js'
import { openFirmware } from '../stages/firmware-file.js'
import { complain } from './complain.js'
import { showObject, showText } from './firmware-show-formats.js'
import { interruption } from './interruption.js'

export interface FirmwareShowOptions {
  readonly code?: string
  readonly json?: true
}

/** cvm-rewrite firmware show: everything in the file; exit code 4, after it, when the firmware would not take it. */
export async function firmwareShow(path: string, options: FirmwareShowOptions): Promise<number> {
  const json = options.json === true
  using interrupted = interruption(() => {})
  try {
    const file = await openFirmware(path, interrupted.signal)
    const findings = await lintFirmware(file, options.code)
    const shown = json ? `${JSON.stringify(showObject(path, file, findings))}\n` : showText(path, file, findings)
    process.stdout.write(shown)
    return findings.some(({ severity }) => severity === 'problem') ? EXIT.image : EXIT.ok
  } catch (error) {
    return await complain(error, json)
  }
}
