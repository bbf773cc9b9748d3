import type { FirmwareVariable } from './variable.js'

/** Reads and rewrites a firmware file; whoever changes variables needs no more of it. */
export interface StoreEdit {
  /** The live variables, in the order of the store. */
  read(file: Buffer): readonly FirmwareVariable[]
  /** A new file with exactly these variables; everything outside of the store stays as it is. */
  write(file: Buffer, variables: readonly FirmwareVariable[]): Buffer
}
