/** A GUID of 16 bytes, as EFI stores it (the first three fields little-endian), as lower-case text. Source: UEFI 2.10, Appendix A. */
export function guidText(bytes: Buffer, at = 0): string {
  const hex = (from: number, to: number) => bytes.toString('hex', at + from, at + to)
  const [first, second, third] = [bytes.readUInt32LE(at), bytes.readUInt16LE(at + 4), bytes.readUInt16LE(at + 6)]
  return [digits(first, 8), digits(second, 4), digits(third, 4), hex(8, 10), hex(10, 16)].join('-')
}

/** The 16 bytes of a GUID in text form, in either case; the text has been checked with isGuid. */
export function guidBytes(text: string): Buffer {
  if (!isGuid(text)) throw new Error(`not a GUID: ${JSON.stringify(text)}`)
  const bytes = Buffer.from(text.replaceAll('-', ''), 'hex')
  bytes.subarray(0, 4).reverse()
  bytes.subarray(4, 6).reverse()
  bytes.subarray(6, 8).reverse()
  return bytes
}

export function isGuid(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)
}

function digits(value: number, width: number): string {
  return value.toString(16).padStart(width, '0')
}
