import { guidBytes, guidText } from './guid.js'

/** The configuration volume of a TDX firmware: the bytes of the file that the guest hashes into RTMR0. */
export interface CfvSection {
  /** From the start of the file. */
  readonly offset: number
  readonly bytes: number
}

/**
 * What the TDX metadata of a single-file firmware say of its configuration volume; undefined when there are none.
 *
 * Sources: edk2, OvmfPkg/ResetVector/Ia16/ResetVectorVtf0.asm (the table of GUIDs, walked from its end) and
 * OvmfPkg/ResetVector/X64/IntelTdxMetadata.asm (descriptor and sections).
 */
export function cfvSection(file: Buffer): CfvSection | undefined {
  const fromEnd = tableEntry(file, TDX_METADATA_GUID)
  if (fromEnd === undefined || fromEnd.length < 4) return undefined
  const descriptor = file.length - fromEnd.readUInt32LE(0)
  if (descriptor < 0 || descriptor + DESCRIPTOR_BYTES > file.length) return undefined
  if (file.readUInt32LE(descriptor) !== TDVF_SIGNATURE) return undefined
  const count = file.readUInt32LE(descriptor + 12)
  for (let index = 0; index < count; index += 1) {
    const at = descriptor + DESCRIPTOR_BYTES + index * SECTION_BYTES
    if (at + SECTION_BYTES > file.length) return undefined
    if (file.readUInt32LE(at + 24) === CFV_TYPE)
      return { offset: file.readUInt32LE(at), bytes: file.readUInt32LE(at + 4) }
  }
  return undefined
}

/** The data of an entry: each has its data, the size of the whole entry and its GUID, in this order. */
function tableEntry(file: Buffer, guid: string): Buffer | undefined {
  const end = file.length - RESET_VECTOR_BYTES
  if (end < ENTRY_HEAD_BYTES || file.compare(TABLE_GUID, 0, 16, end - 16, end) !== 0) return undefined
  const first = end - file.readUInt16LE(end - ENTRY_HEAD_BYTES)
  let entryEnd = end - ENTRY_HEAD_BYTES
  while (entryEnd - ENTRY_HEAD_BYTES >= Math.max(first, 0)) {
    const dataEnd = entryEnd - ENTRY_HEAD_BYTES
    const size = file.readUInt16LE(dataEnd)
    if (size < ENTRY_HEAD_BYTES || size > entryEnd) return undefined
    if (guidText(file, dataEnd + 2) === guid) return file.subarray(entryEnd - size, dataEnd)
    entryEnd -= size
  }
  return undefined
}

const RESET_VECTOR_BYTES = 32
const ENTRY_HEAD_BYTES = 18
const TABLE_GUID = guidBytes('96b582de-1fb2-45f7-baea-a366c55a082d')
const TDX_METADATA_GUID = 'e47a6535-984a-4798-865e-4685a7bf8ec2'
/** "TDVF". */
const TDVF_SIGNATURE = 0x46564454
const DESCRIPTOR_BYTES = 16
const SECTION_BYTES = 32
const CFV_TYPE = 1
