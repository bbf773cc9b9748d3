/**
 * Just enough of DER (ITU-T X.690) to look into certificates and PKCS#7 signatures: tag, length, value.
 *
 * Values are checked by whoever gives them a meaning; signatures are verified by OpenSSL only.
 */
export interface DerValue {
  /** The first byte: class, constructed bit, number. Numbers above 30 do not occur where this is used. */
  readonly tag: number
  /** Without tag and length. */
  readonly content: Buffer
  /** With both. */
  readonly whole: Buffer
}

export const TAG = {
  integer: 0x02,
  octetString: 0x04,
  oid: 0x06,
  sequence: 0x30,
  set: 0x31,
  /** [0] and [1], constructed. */
  context0: 0xa0,
  context1: 0xa1,
} as const

/** @throws {RangeError} when the bytes do not begin with a whole value. */
export function readDer(bytes: Buffer): DerValue {
  const tag = bytes[0]
  const first = bytes[1]
  if (tag === undefined || first === undefined) throw new RangeError('the DER value is cut short')
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f
  // 0x80 is the indefinite length of BER. Four bytes of length are far more than any file here has.
  if (first === 0x80 || lengthBytes > 4 || bytes.length < 2 + lengthBytes)
    throw new RangeError('the DER length is none')
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(2, lengthBytes)
  const start = 2 + lengthBytes
  if (length > bytes.length - start) throw new RangeError('the DER value is cut short')
  return { tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(0, start + length) }
}

/** The values inside of a constructed one. @throws {RangeError} */
export function derChildren({ content }: DerValue): readonly DerValue[] {
  const children: DerValue[] = []
  for (let at = 0; at < content.length; ) {
    const child = readDer(content.subarray(at))
    children.push(child)
    at += child.whole.length
  }
  return children
}

/** The child at a place, with the tag that must be there. @throws {RangeError} */
export function derChild(parent: DerValue, index: number, tag: number): DerValue {
  const child = derChildren(parent)[index]
  if (child?.tag !== tag) throw new RangeError(`no DER value ${tag.toString(16)} at place ${index}`)
  return child
}

/** An object identifier in dotted form. @throws {RangeError} */
export function derOid({ tag, content }: DerValue): string {
  if (tag !== TAG.oid || content.length === 0) throw new RangeError('no object identifier')
  const arcs: number[] = []
  let arc = 0
  for (const byte of content) {
    arc = arc * 128 + (byte & 0x7f)
    if (byte < 0x80) {
      arcs.push(arc)
      arc = 0
    }
  }
  const [joint = 0, ...others] = arcs
  const first = Math.min(Math.floor(joint / 40), 2)
  return [first, joint - first * 40, ...others].join('.')
}
