import type { FirmwareVariable } from './variable.js'

/** Reads the variables of a firmware file; whoever only looks at them needs no more of it. */
export interface StoreReader {
  /** The live variables, in the order of the file. */
  read(file: Buffer): readonly FirmwareVariable[]
}
