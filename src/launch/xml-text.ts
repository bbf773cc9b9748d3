import { CvmError } from '../model/errors.js'

/** An element of an XML document; attributes that are undefined are left out. */
export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string | number | undefined>>
  /** Text, or further elements. */
  readonly content: string | readonly XmlElement[]
}

export function element(
  name: string,
  attributes: XmlElement['attributes'] = {},
  content: XmlElement['content'] = [],
): XmlElement {
  return { name, attributes, content }
}

/**
 * An element and all below it, two blanks a level, a newline at the end.
 *
 * @throws {CvmError} LAUNCH_INVALID for text with a character that XML 1.0 has no way to write.
 */
export function xmlText({ name, attributes, content }: XmlElement, indent = ''): string {
  const given = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : ` ${key}='${escaped(String(value))}'`,
  )
  const start = `${indent}<${name}${given.join('')}`
  if (content.length === 0) return `${start}/>\n`
  if (typeof content === 'string') return `${start}>${escaped(content)}</${name}>\n`
  const inner = content.map((each) => xmlText(each, `${indent}  `)).join('')
  return `${start}>\n${inner}${indent}</${name}>\n`
}

/** A parser makes blanks of the tabs and line ends in an attribute unless they are references. Source: XML 1.0, 2.11 and 3.3.3. */
function escaped(text: string): string {
  if (!WRITABLE.test(text)) {
    throw new CvmError('LAUNCH_INVALID', `libvirt's XML cannot hold the characters of ${JSON.stringify(text)}`)
  }
  return text.replace(/[&<>'"\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** Source: XML 1.0, production 2 (Char). */
const WRITABLE = /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u
