import { type FirmwareFinding, problem } from './finding.js'

/**
 * Whether a code file and a variable file are halves of one firmware: together they fill a flash of 1, 2, 4 or 8 MiB.
 *
 * Halves of different builds start, but the code looks for its variables at the wrong place: it finds none, or hangs.
 * Source: edk2, OvmfPkg/Include/Fdf/OvmfPkgDefines.fdf.inc (FD_SIZE, VARS_SIZE, CODE_SIZE).
 */
export function lintPair(codeBytes: number, variableBytes: number): readonly FirmwareFinding[] {
  if (FLASH_BYTES.includes(codeBytes + variableBytes)) return []
  const flash = FLASH_BYTES.find((bytes) => bytes > codeBytes)
  const fitting = flash === undefined ? '' : ` It belongs to variables of ${flash - codeBytes} bytes.`
  return [
    problem(
      `a code file of ${codeBytes} bytes and variables of ${variableBytes} bytes are not of one build: the firmware would not find the variables.${fitting}`,
    ),
  ]
}

const MIB = 1024 * 1024
const FLASH_BYTES: readonly number[] = [MIB, 2 * MIB, 4 * MIB, 8 * MIB]
