import { LONGEST_BOOT_MENU_WAIT_SECONDS } from '../model/launch-values.js'
import { readTimeout } from './decode/simple-values.js'
import { type FirmwareFinding, note } from './finding.js'
import { findVariable, type NamedVariable } from './named-variable.js'
import { type FirmwareVariable, GUID } from './variable.js'

/**
 * That a Timeout does not last by itself, and what is needed for it.
 *
 * OVMF writes it at each start: 0 without QEMU's boot menu, 3 with the menu alone, else splash-time in whole seconds, rounded up. Seen
 * with OVMF 2022.11; source: edk2, OvmfPkg/Library/QemuBootOrderLib, GetFrontPageTimeoutFromQemu.
 */
export function lintTimeout(variables: readonly FirmwareVariable[]): readonly FirmwareFinding[] {
  const seconds = timeoutSeconds(variables)
  if (seconds === undefined || seconds === 0) return []
  const fate = 'OVMF overwrites Timeout at each start with what QEMU says of its boot menu'
  if (seconds <= LONGEST_BOOT_MENU_WAIT_SECONDS)
    return [note(`${fate}; for these ${seconds} s to be honoured, start the guest with ${wordsFor(seconds)}`)]
  const most = LONGEST_BOOT_MENU_WAIT_SECONDS
  return [note(`${fate}, which is ${most} s at the most; that comes with ${wordsFor(most)}`)]
}

/** The value of Timeout, 0xFFFF for ever; undefined when it is not there, or has not its two bytes. */
export function timeoutSeconds(variables: readonly FirmwareVariable[]): number | undefined {
  const timeout = findVariable(variables, TIMEOUT)
  return timeout?.data.length === 2 ? readTimeout(timeout.data) : undefined
}

function wordsFor(seconds: number): string {
  return `--boot-menu-wait ${seconds} (QEMU: -boot menu=on,splash-time=${seconds * 1000})`
}

export const TIMEOUT: NamedVariable = { name: 'Timeout', guid: GUID.global }
