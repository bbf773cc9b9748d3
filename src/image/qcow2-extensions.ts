import { EXTENSION, FEATURE_NAME_ENTRY_BYTES } from './qcow2-fields.js'

/** What the header extensions of a qcow2 file say, as far as it matters here. */
export interface Qcow2Extensions {
  readonly types: ReadonlySet<number>
  readonly backingFormat: string | undefined
  readonly dataFileName: string | undefined
  /** Names of incompatible feature bits, from the feature name table. */
  readonly featureNames: ReadonlyMap<number, string>
}

/**
 * Reads the header extensions between the end of the header and `end`, both byte offsets in the file.
 *
 * An extension that runs past `end`, or more of them than any real file has, makes the area `damaged`; what was read
 * until then is still returned, so that a data file is named even in a damaged header.
 */
export function readExtensions(
  head: Buffer,
  start: number,
  end: number,
): Qcow2Extensions & { readonly damaged: boolean } {
  const types = new Set<number>()
  const featureNames = new Map<number, string>()
  let backingFormat: string | undefined
  let dataFileName: string | undefined
  const limit = Math.min(end, head.length)
  let at = start

  for (let count = 0; at + 8 <= limit; count += 1) {
    const type = head.readUInt32BE(at)
    const length = head.readUInt32BE(at + 4)
    if (type === EXTENSION.end) break
    types.add(type)
    if (count >= MOST_EXTENSIONS || length > limit - at - 8) {
      return { types, backingFormat, dataFileName, featureNames, damaged: true }
    }
    const data = head.subarray(at + 8, at + 8 + length)
    if (type === EXTENSION.backingFormat) backingFormat = data.toString('latin1')
    if (type === EXTENSION.dataFile) dataFileName = data.subarray(0, LONGEST_NAME).toString('utf8')
    if (type === EXTENSION.featureNames) readFeatureNames(data, featureNames)
    at += 8 + Math.ceil(length / 8) * 8
  }
  return { types, backingFormat, dataFileName, featureNames, damaged: false }
}

function readFeatureNames(table: Buffer, names: Map<number, string>): void {
  // 3 types of 64 bits each are all there can be.
  const entries = Math.min(Math.floor(table.length / FEATURE_NAME_ENTRY_BYTES), 3 * 64)
  for (let entry = 0; entry < entries; entry += 1) {
    const at = entry * FEATURE_NAME_ENTRY_BYTES
    const isIncompatible = table[at] === 0
    const bit = table[at + 1]
    if (!isIncompatible || bit === undefined) continue
    const name = table.subarray(at + 2, at + FEATURE_NAME_ENTRY_BYTES)
    const length = name.indexOf(0)
    names.set(bit, name.subarray(0, length < 0 ? name.length : length).toString('utf8'))
  }
}

const MOST_EXTENSIONS = 64
const LONGEST_NAME = 1023
