import { CvmError } from '../model/errors.js'
import type { NamedVariable } from './named-variable.js'
import { wellKnown } from './well-known.js'

/** How the contents of a variable were given: in the words of its own type, in one of the general forms, or as bytes. */
export type ValueInput =
  | { readonly form: 'plain' | 'hex' | 'text' | 'utf16' | 'u8' | 'u16' | 'u32' | 'u64'; readonly text: string }
  | { readonly form: 'bytes'; readonly bytes: Buffer }

/**
 * The bytes to store.
 *
 * Message and why are the same for a command line and for a plugin.yaml; the next step is for a command line.
 *
 * @throws CvmError USAGE when the text does not fit, or is none at all: UEFI has no empty variables.
 */
export function valueBytes(named: NamedVariable, input: ValueInput): Buffer {
  const bytes = input.form === 'bytes' ? input.bytes : textBytes(named, input.form, input.text)
  if (bytes.length > 0) return bytes
  throw new CvmError('USAGE', `${named.name} would be empty`, {
    why: 'UEFI has no empty variables: one that is not wanted is deleted',
    next: `To remove it: cvm-rewrite firmware delete FILE ${named.name}`,
  })
}

function textBytes(named: NamedVariable, form: Exclude<ValueInput['form'], 'bytes'>, text: string): Buffer {
  switch (form) {
    case 'plain':
      return plainBytes(named, text)
    case 'hex':
      return hexBytes(text)
    case 'text':
      return Buffer.from(text)
    case 'utf16':
      return Buffer.from(`${text}\0`, 'utf16le')
    default:
      return numberBytes(form, text)
  }
}

function plainBytes({ name, guid }: NamedVariable, text: string): Buffer {
  const known = wellKnown(name)
  const form = known?.guid === guid ? known.form : undefined
  if (form === undefined) {
    throw new CvmError('USAGE', `the form of the value of ${name} has to be given`, {
      why: 'only well-known simple variables take a plain value; others take hex, text, utf16, u8, u16, u32, u64 or file',
      next: 'Give it as --hex DIGITS, --text TEXT, --utf16 TEXT, --u8, --u16, --u32 or --u64 NUMBER, or --file FILE.',
    })
  }
  const bytes = form.read(text)
  if (bytes !== undefined) return bytes
  throw new CvmError('USAGE', `${name} cannot be ${JSON.stringify(text)}`, { next: `It takes ${form.expects}.` })
}

function hexBytes(text: string): Buffer {
  const digits = text.replace(/^0x/i, '').replace(/[\s:]/g, '')
  if (/^(?:[0-9a-f]{2})*$/i.test(digits)) return Buffer.from(digits, 'hex')
  throw new CvmError('USAGE', `hex takes pairs of hex digits, not ${JSON.stringify(text)}`)
}

function numberBytes(form: keyof typeof NUMBER_BYTES, text: string): Buffer {
  const size = NUMBER_BYTES[form]
  const isNumber = /^(?:0x[0-9a-f]{1,16}|\d{1,20})$/i.test(text)
  if (!isNumber || BigInt(text) >= 1n << BigInt(8 * size)) {
    throw new CvmError('USAGE', `${form} takes a number of ${8 * size} bits, not ${JSON.stringify(text)}`)
  }
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(text))
  return bytes.subarray(0, size)
}

const NUMBER_BYTES = { u8: 1, u16: 2, u32: 4, u64: 8 } as const
