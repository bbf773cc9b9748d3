import { InvalidArgumentError } from 'commander'
import { readMemoryMiB } from '../model/launch-values.js'

/**
 * Whole minutes, 1 to 35791 (about 24 days: the longest time that a timer of Node takes).
 *
 * @throws InvalidArgumentError, which commander turns into a usage error; so do all parsers here.
 */
export function wholeMinutes(text: string): number {
  return wholeNumber(text, { min: 1, max: MAX_MINUTES, what: 'whole minutes' })
}

/** A count from 1 to 1024, for example of virtual CPUs. */
export function count(text: string): number {
  return wholeNumber(text, { min: 1, max: 1024, what: 'a whole number' })
}

/** A TCP port from 1 to 65535. */
export function portNumber(text: string): number {
  return wholeNumber(text, { min: 1, max: 65_535, what: 'a port' })
}

/** A memory size with its unit, `2048M`, `2G`, `2GiB`, in MiB. */
export function sizeMiB(text: string): number {
  const reading = readMemoryMiB(text)
  if ('wrong' in reading) throw new InvalidArgumentError(`It ${reading.wrong}.`)
  return reading.value
}

function wholeNumber(
  text: string,
  range: { readonly min: number; readonly max: number; readonly what: string },
): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= range.min && value <= range.max)) {
    throw new InvalidArgumentError(`Give ${range.what}, from ${range.min} to ${range.max}.`)
  }
  return value
}

const MAX_MINUTES = Math.floor((2 ** 31 - 1) / 60_000)
