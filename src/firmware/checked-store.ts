import { contentsBytes, readContents, withVariables } from './firmware-contents.js'
import type { StoreEdit } from './store-access.js'

/**
 * The variables of any file that readContents knows, for whoever needs no more of it.
 *
 * `read` throws CvmError FIRMWARE_FILE_REFUSED, `write` VARIABLE_STORE_FULL, too.
 */
export const CHECKED_STORE: StoreEdit = {
  read: (file) => readContents(file).variables,
  write: (file, variables) => contentsBytes(withVariables(readContents(file), variables)),
}
