import { CvmError } from '../model/errors.js'
import type { EventOf } from '../model/guest-report.js'

/** Puts the parts of the guest's list together again, in whatever order they come; the first of each number counts. */
export class ListingParts {
  readonly #parts = new Map<number, string>()
  #of = 0

  take(event: EventOf<'listing'>): void {
    this.#of = event.of
    if (event.number <= MOST_PARTS && !this.#parts.has(event.number)) this.#parts.set(event.number, event.data)
  }

  /**
   * The compressed list.
   *
   * @throws {CvmError} LISTING_UNREADABLE when the guest sent none, one that is too long, or not all of it.
   */
  whole(): Buffer {
    if (this.#of === 0) throw unreadable('the guest sent none')
    if (this.#of > MOST_PARTS)
      throw unreadable(`it has ${this.#of} parts; at most ${MOST_PARTS} are taken (about 6 MiB)`)
    const numbers = Array.from({ length: this.#of }, (_, index) => index + 1)
    const missing = numbers.filter((number) => !this.#parts.has(number))
    if (missing.length > 0) throw unreadable(`part ${missing.join(', ')} of ${this.#of} did not come`)
    return Buffer.concat(numbers.map((number) => Buffer.from(this.#parts.get(number) ?? '', 'base64')))
  }
}

export function unreadable(why: string): CvmError {
  return new CvmError('LISTING_UNREADABLE', "the guest's list of what is in it cannot be read", { why })
}

/** A part is at most a line of the report: 192 KiB of data in 256 KiB of base64. cloud-init/guest/finish.sh sends no more either. */
const MOST_PARTS = 32
