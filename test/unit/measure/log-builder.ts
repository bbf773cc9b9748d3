/** Builds event logs as the TCG PC Client Platform Firmware Profile describes them. */
export interface LogParts {
  readonly pcr: number
  readonly type: number
  /** [algorithm id, digest]. */
  readonly digests: readonly (readonly [number, Buffer])[]
  readonly data?: Buffer
}

export const SHA256 = 0x000b
export const SHA384 = 0x000c
const BYTES: Readonly<Record<number, number>> = { 4: 20, [SHA256]: 32, [SHA384]: 48, 18: 32 }

export function anAgileLog(algorithms: readonly number[], events: readonly LogParts[]): Buffer {
  return Buffer.concat([header(algorithms), ...events.map(agileEvent)])
}

export function oldEvent(pcr: number, type: number, digest: Buffer, data: Buffer): Buffer {
  return Buffer.concat([u32(pcr), u32(type), digest, u32(data.length), data])
}

export function agileEvent({ pcr, type, digests, data = Buffer.alloc(0) }: LogParts): Buffer {
  return Buffer.concat([
    ...[u32(pcr), u32(type), u32(digests.length)],
    ...digests.flatMap(([id, digest]) => [u16(id), digest]),
    ...[u32(data.length), data],
  ])
}

function header(algorithms: readonly number[]): Buffer {
  const body = Buffer.concat([
    Buffer.from('Spec ID Event03\0', 'latin1'),
    // Platform class 0 (client), version 2.0 errata 2, UINTN of 8 bytes.
    ...[u32(0), Buffer.from([0, 2, 2, 2]), u32(algorithms.length)],
    ...algorithms.flatMap((id) => [u16(id), u16(BYTES[id] ?? 0)]),
    Buffer.from([0]),
  ])
  return oldEvent(0, 3, Buffer.alloc(20), body)
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
