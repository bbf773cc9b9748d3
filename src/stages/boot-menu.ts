import type { VariableEdit } from '../firmware/edit-variables.js'
import { lintTimeout, TIMEOUT, timeoutSeconds } from '../firmware/lint-timeout.js'
import { variableKey } from '../firmware/named-variable.js'
import type { FirmwareVariable } from '../firmware/variable.js'
import { readName } from '../firmware/variable-name.js'
import { CvmError } from '../model/errors.js'
import type { LaunchLayer, LaunchWishes } from '../model/launch.js'
import { LONGEST_BOOT_MENU_WAIT_SECONDS } from '../model/launch-values.js'
import type { FirmwareVariablesPlan } from '../model/wishes.js'

export interface BootMenu {
  /** What the launch has to say for Timeout to be honoured; empty when it says so already, or cannot. */
  readonly layers: readonly LaunchLayer[]
  /** Sentences for people. */
  readonly notes: readonly string[]
}

export interface BootMenuInput {
  readonly plan: FirmwareVariablesPlan | undefined
  /** What the plan means for the variables. */
  readonly edits: readonly VariableEdit[]
  /** All variables when that is done. */
  readonly variables: readonly FirmwareVariable[]
  readonly launch: LaunchWishes
}

/**
 * Makes the launch wait as long as the Timeout says that plugins have set, because OVMF takes its own from QEMU's boot menu.
 *
 * @throws {CvmError} LAUNCH_INVALID when the launch is asked to wait another number of seconds.
 */
export function bootMenuOf({ plan, edits, variables, launch }: BootMenuInput): BootMenu {
  const seconds = timeoutSeconds(edits.flatMap((edit) => (edit.kind === 'set' ? [edit.variable] : [])))
  const asked = launch.bootMenuWaitSeconds
  // It was in the firmware before: nobody can say whether it is meant.
  if (plan === undefined || seconds === undefined)
    return asked === timeoutSeconds(variables) ? NOTHING : told(...lintTimeout(variables).map(({ text }) => text))
  return wishedMenu(seconds, originOf(plan), launch)
}

function wishedMenu(seconds: number, origin: string, { kernel, bootMenuWaitSeconds: asked }: LaunchWishes): BootMenu {
  const most = LONGEST_BOOT_MENU_WAIT_SECONDS
  if (seconds > most) {
    const waits =
      asked === undefined ? `it does not wait; vm.boot-menu-wait: ${most} comes closest` : `it waits ${asked} s`
    return told(`Timeout (${origin}) cannot be honoured: QEMU has OVMF wait ${most} s at the most, and here ${waits}`)
  }
  if (asked !== undefined && asked !== seconds)
    throw new CvmError('LAUNCH_INVALID', `the boot menu is to wait ${seconds} s, and ${asked} s`, {
      why: `Timeout is ${seconds} (${origin}), which OVMF takes from the launch; vm.boot-menu-wait is ${asked}`,
      next: 'Leave one of them out, or give both the same value.',
    })
  if (asked !== undefined) return NOTHING
  if (kernel !== undefined)
    return seconds === 0 ? NOTHING : told(`Timeout (${origin}) is of no use: a kernel is started without a boot menu`)
  const layer = { origin: `${origin}: Timeout`, wishes: { bootMenuWaitSeconds: seconds } }
  return { layers: [layer], notes: [] }
}

function originOf({ variables }: FirmwareVariablesPlan): string {
  const askers = variables.filter(({ name }) => {
    const reading = readName(name, [])
    return reading.ok && variableKey(reading) === variableKey(TIMEOUT)
  })
  return [...new Set(askers.flatMap(({ plugins }) => plugins))].map((name) => `${name}/plugin.yaml`).join(', ')
}

function told(...notes: readonly string[]): BootMenu {
  return { layers: [], notes }
}

const NOTHING: BootMenu = { layers: [], notes: [] }
