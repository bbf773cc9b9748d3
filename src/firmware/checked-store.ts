import { readContents } from './firmware-contents.js'
import type { StoreReader } from './store-access.js'

/** Any file that readContents knows; `read` throws CvmError FIRMWARE_FILE_REFUSED, too. */
export const CHECKED_STORE: StoreReader = { read: (file) => readContents(file).variables }
