/**
 * Device paths as text and back: PciRoot(0x0)/Pci(0x1F,0x2)/Sata(0x0,0xFFFF,0x0)/HD(1,GPT,…)/\EFI\BOOT\BOOTX64.EFI
 *
 * Whatever has no text form that leads back to the same bytes is shown as Path(type,subtype,hex), so nothing is lost.
 */
import { type DeviceNode, type DevicePath, readDevicePaths, writeDevicePath } from './device-path.js'
import { utf16 } from './device-path-fields.js'
import { FILE_PATH, NODE_KINDS, type NodeKind } from './device-path-nodes.js'

/** The text of each of the packed paths. @throws {RangeError} for damaged bytes. */
export function devicePathTexts(bytes: Buffer): readonly string[] {
  return readDevicePaths(bytes).map(devicePathText)
}

/** The text of one path; its instances are parted by commas. */
export function devicePathText(path: DevicePath): string {
  return path.map((nodes) => nodes.map(nodeText).join('/')).join(',')
}

/**
 * The bytes of one path, its end included.
 *
 * @throws {RangeError} with the part that is not a node.
 */
export function devicePathFromText(text: string): Buffer {
  return writeDevicePath(
    splitOutside(text, ',').map((instance) => (instance === '' ? [] : splitOutside(instance, '/').map(nodeFromText))),
  )
}

function nodeText(node: DeviceNode): string {
  for (const text of candidates(node)) {
    if (text !== '' && standsAlone(text) && isSame(nodeOrNothing(text), node)) return text
  }
  return otherText(node)
}

function* candidates(node: DeviceNode): Generator<string> {
  if (node.type === FILE_PATH.type && node.subtype === FILE_PATH.subtype) yield utf16.read(node.body) ?? ''
  for (const kind of NODE_KINDS) {
    if (kind.type !== node.type || kind.subtype !== node.subtype) continue
    const values = valuesOf(kind, node.body)
    if (values !== undefined)
      yield `${kind.name}(${kind.shown.map((what) => (typeof what === 'string' ? what : values[what])).join(',')})`
  }
}

/** The text of each field; undefined when the body is not one of this kind. */
function valuesOf({ fields }: NodeKind, body: Buffer): readonly string[] | undefined {
  const values: string[] = []
  let at = 0
  for (const field of fields) {
    const end = field.bytes === undefined ? body.length : at + field.bytes
    if (end > body.length) return undefined
    const value = field.read(body.subarray(at, end))
    if (value === undefined) return undefined
    values.push(value)
    at = end
  }
  return at === body.length ? values : undefined
}

/** @throws {RangeError} */
function nodeFromText(text: string): DeviceNode {
  const node = nodeOrNothing(text)
  if (node === undefined) throw new RangeError(`${JSON.stringify(text)} is not a node of a device path`)
  return node
}

function nodeOrNothing(text: string): DeviceNode | undefined {
  const [, name, inner = ''] = /^([a-z][a-z0-9]*)\((.*)\)$/is.exec(text) ?? []
  if (name === undefined) return text === '' ? undefined : { ...FILE_PATH, body: Buffer.from(`${text}\0`, 'utf16le') }
  if (name.toLowerCase() === 'path') return otherNode(inner)
  for (const kind of NODE_KINDS) {
    if (kind.name.toLowerCase() !== name.toLowerCase()) continue
    const body = bodyFrom(kind, kind.shown.length === 1 ? [inner] : inner.split(','))
    if (body !== undefined) return { type: kind.type, subtype: kind.subtype, body }
  }
  return undefined
}

function bodyFrom({ fields, shown }: NodeKind, values: readonly string[]): Buffer | undefined {
  if (values.length !== shown.length) return undefined
  const given = new Map<number, string>()
  for (const [index, what] of shown.entries()) {
    const value = values[index] ?? ''
    if (typeof what === 'number') given.set(what, value)
    else if (what.toLowerCase() !== value.toLowerCase()) return undefined
  }
  const parts = fields.map((field, index) => field.write(given.get(index) ?? ''))
  return parts.every((part) => part !== undefined) ? Buffer.concat(parts) : undefined
}

function otherText({ type, subtype, body }: DeviceNode): string {
  return `Path(${type},${subtype}${body.length === 0 ? '' : `,${body.toString('hex')}`})`
}

function otherNode(inner: string): DeviceNode | undefined {
  const [, type, subtype, digits = ''] = /^(\d{1,3}),(\d{1,3})(?:,((?:[0-9a-f]{2})+))?$/i.exec(inner) ?? []
  const [typeNumber, subtypeNumber] = [Number(type), Number(subtype)]
  // NaN compares false, too.
  if (!(typeNumber <= 0xff && subtypeNumber <= 0xff)) return undefined
  return { type: typeNumber, subtype: subtypeNumber, body: Buffer.from(digits, 'hex') }
}

/** Splits at a character that stands outside of parentheses. */
function splitOutside(text: string, separator: string): readonly string[] {
  const parts: string[] = []
  let depth = 0
  let from = 0
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]
    if (character === '(') depth += 1
    else if (character === ')') depth -= 1
    else if (character === separator && depth <= 0) {
      parts.push(text.slice(from, at))
      from = at + 1
    }
  }
  return [...parts, text.slice(from)]
}

/** Whether a text can stand between others: it has no separator of its own, and every parenthesis its counterpart. */
function standsAlone(text: string): boolean {
  let depth = 0
  for (const character of text) {
    if (character === '(') depth += 1
    if (character === ')') depth -= 1
    if (depth < 0 || (depth === 0 && (character === '/' || character === ','))) return false
  }
  return depth === 0
}

function isSame(a: DeviceNode | undefined, b: DeviceNode): boolean {
  return a !== undefined && a.type === b.type && a.subtype === b.subtype && a.body.equals(b.body)
}
