import { assertSound } from './assert-sound.js'
import { contentsBytes, lintContents, readContents, withVariables } from './firmware-contents.js'
import { lintNames } from './lint-variables.js'
import type { StoredVariable } from './store-types.js'

/**
 * Firmware and variable files in any form, raw, for those who only want their variables.
 *
 * @throws CvmError FIRMWARE_FILE_REFUSED; on writing also VARIABLE_STORE_DAMAGED and VARIABLE_STORE_FULL.
 */
export const STORE_EDIT = {
  /** The live variables, in the order of the file. */
  read(file: Buffer): readonly StoredVariable[] {
    return readContents(file).variables
  },
  /** A new file with exactly these variables, each name and GUID once; everything outside of the store stays as it is. */
  write(file: Buffer, variables: readonly StoredVariable[]): Buffer {
    const contents = readContents(file)
    assertSound([...lintContents(contents), ...lintNames(variables)])
    return contentsBytes(withVariables(contents, variables))
  },
} as const
