/** Bytes written as hex digits, in base64 with padding. */
export function base64OfHex(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64')
}
