/**
 * Why a code file and a variable file are not halves of one firmware, as a sentence; undefined when they can be: together they
 * fill a flash of 1, 2, 4 or 8 MiB.
 *
 * Halves of different builds start, but the code looks for its variables at the wrong place: it finds none, or hangs.
 * Source: edk2, OvmfPkg/Include/Fdf/OvmfPkgDefines.fdf.inc (FD_SIZE, VARS_SIZE, CODE_SIZE).
 */
export function flashMisfit(codeBytes: number, variableBytes: number): string | undefined {
  if (FLASH_BYTES.includes(codeBytes + variableBytes)) return undefined
  const flash = FLASH_BYTES.find((bytes) => bytes > codeBytes)
  const fitting = flash === undefined ? '' : ` It belongs to variables of ${flash - codeBytes} bytes.`
  return `a code file of ${codeBytes} bytes and variables of ${variableBytes} bytes are not of one build: the firmware would not find the variables.${fitting}`
}

const MIB = 1024 * 1024
const FLASH_BYTES: readonly number[] = [MIB, 2 * MIB, 4 * MIB, 8 * MIB]
