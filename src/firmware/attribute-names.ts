import { ATTRIBUTE } from './variable.js'

/** Attributes as `NV,BS,RT`; bits without a name as hex. */
export function attributesText(attributes: number): string {
  const named = NAMES.filter(([, bit]) => (attributes & bit) !== 0)
  const rest = named.reduce((bits, [, bit]) => bits & ~bit, attributes)
  const names = named.map(([name]) => name)
  if (rest !== 0) names.push(`0x${(rest >>> 0).toString(16)}`)
  return names.length === 0 ? 'none' : names.join(',')
}

/** The bits of `nv,bs,rt`, `0x7` or `7`; undefined when the text is none of these. */
export function attributeBits(text: string): number | undefined {
  if (/^(?:0x[0-9a-f]{1,8}|\d{1,9})$/i.test(text)) return Number(text)
  let bits = 0
  for (const word of text.toUpperCase().split(',')) {
    const bit = NAMES.find(([name]) => name === word.trim())?.[1]
    if (bit === undefined) return undefined
    bits |= bit
  }
  return bits
}

/** The short names that efivar and virt-fw-vars use as well. */
const NAMES: readonly (readonly [string, number])[] = [
  ['NV', ATTRIBUTE.nonVolatile],
  ['BS', ATTRIBUTE.bootService],
  ['RT', ATTRIBUTE.runtime],
  ['HW', ATTRIBUTE.hardwareError],
  ['AW', ATTRIBUTE.authenticated],
  ['AT', ATTRIBUTE.timeAuthenticated],
  ['AP', ATTRIBUTE.append],
]

/** What attributeBits takes, for a message. */
export const ATTRIBUTES_EXPECTED = 'names such as nv,bs,rt (also hw, aw, at, ap), or a number such as 0x7'
