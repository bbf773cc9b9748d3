/**
 * GUIDs as 16 bytes and as text.
 *
 * On disk the first three fields are little-endian, the last eight bytes stand as they are written. Source: UEFI 2.10, appendix A.
 */

/** The GUID at `offset`, lower case with dashes. The buffer must have 16 bytes there. */
export function readGuid(bytes: Buffer, offset = 0): string {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0')
  return [
    hex(bytes.readUInt32LE(offset), 8),
    hex(bytes.readUInt16LE(offset + 4), 4),
    hex(bytes.readUInt16LE(offset + 6), 4),
    bytes.toString('hex', offset + 8, offset + 10),
    bytes.toString('hex', offset + 10, offset + 16),
  ].join('-')
}

/** The 16 bytes of a GUID; the text must be one (see `isGuid`). */
export function guidBytes(guid: string): Buffer {
  const bytes = Buffer.from(guid.replaceAll('-', ''), 'hex')
  bytes.subarray(0, 4).reverse()
  bytes.subarray(4, 6).reverse()
  bytes.subarray(6, 8).reverse()
  return bytes
}

export function isGuid(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text)
}
