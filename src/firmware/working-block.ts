import { crc32 } from 'node:zlib'
import { guidBytes } from './guid.js'
import { ERASED } from './store-layout.js'
import type { VariableStore } from './store-types.js'

/**
 * The area where the firmware prepares writes that must survive a power cut (fault tolerant write): a working block with a
 * queue, then the spare blocks that hold the new contents meanwhile.
 *
 * Source: edk2, MdeModulePkg/Include/Guid/SystemNvDataGuid.h, EFI_FAULT_TOLERANT_WORKING_BLOCK_HEADER.
 */
export interface WorkingBlock {
  /** From the start of the volume; it has BLOCK_BYTES, and the spare blocks follow up to the volume's end. */
  readonly offset: number
  /** Nothing is in the queue, finished or not: the firmware will not copy anything back at its next start. */
  readonly isEmpty: boolean
}

/** The working block of a volume; undefined when there is none behind the store. */
export function findWorkingBlock({ volume, recordsLimit }: VariableStore): WorkingBlock | undefined {
  const first = Math.ceil(recordsLimit / BLOCK_BYTES) * BLOCK_BYTES
  for (let offset = first; offset + BLOCK_BYTES <= volume.length; offset += BLOCK_BYTES) {
    if (volume.compare(WORKING_BLOCK_GUID, 0, 16, offset, offset + 16) !== 0) continue
    const queue = volume.subarray(offset + HEADER_BYTES, offset + BLOCK_BYTES)
    return { offset, isEmpty: queue.every((byte) => byte === ERASED) }
  }
  return undefined
}

/** Working block and spare blocks as a new file has them, over those in `volume`. */
export function resetWorkingBlock(volume: Buffer, { offset }: WorkingBlock): void {
  volume.fill(ERASED, offset)
  emptyWorkingBlock().copy(volume, offset)
}

/** A working block without a write in its queue. */
export function emptyWorkingBlock(): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES, ERASED)
  WORKING_BLOCK_GUID.copy(block)
  block.writeBigUInt64LE(BigInt(BLOCK_BYTES - HEADER_BYTES), 24)
  // The sum is made before sum and state are written, while they are still erased.
  block.writeUInt32LE(crc32(block.subarray(0, HEADER_BYTES)), 16)
  block.writeUInt8(VALID, 20)
  return block
}

const BLOCK_BYTES = 0x1000
const HEADER_BYTES = 32
/** WorkingBlockValid: the lowest bit cleared, the others still erased. */
const VALID = 0xfe
/** gEdkiiWorkingBlockSignatureGuid. */
const WORKING_BLOCK_GUID = guidBytes('9e58292b-7c68-497d-a0ce-6500fd9f1b95')
