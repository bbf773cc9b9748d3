/**
 * EFI_TIME, 16 bytes, as `YYYY-MM-DDThh:mm:ssZ`; undefined for all zero, which is what variables without a time have.
 *
 * Source: UEFI 2.10, 8.3 (EFI_TIME). Time stamps of variables are in GMT with nanoseconds and time zone 0.
 */
export function efiTimeText(time: Buffer): string | undefined {
  if (time.every((byte) => byte === 0)) return undefined
  const two = (at: number) => String(time.readUInt8(at)).padStart(2, '0')
  const year = String(time.readUInt16LE(0)).padStart(4, '0')
  return `${year}-${two(2)}-${two(3)}T${two(4)}:${two(5)}:${two(6)}Z`
}

/** The EFI_TIME of a date like `2026-01-31` or `2026-01-31T12:00:00Z`; undefined when the text is no such date. */
export function efiTimeBytes(text: string): Buffer | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)Z)?$/.exec(text)
  if (match === null) return undefined
  const [year = 0, month = 0, day = 0, ...clock] = match.slice(1).map((digits) => Number(digits ?? 0))
  const [hour = 0, minute = 0, second = 0] = clock
  // A date that does not exist comes back as another one.
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second))
  const full = `${text.slice(0, 10)}T${text.slice(11, 19) || '00:00:00'}.000Z`
  if (year < EARLIEST_YEAR || Number.isNaN(date.getTime()) || date.toISOString() !== full) return undefined
  const time = Buffer.alloc(16)
  time.writeUInt16LE(year, 0)
  for (const [index, value] of [month, day, hour, minute, second].entries()) time.writeUInt8(value, 2 + index)
  return time
}

/** Source: UEFI 2.10, 8.3: years are 1900 to 9999. */
const EARLIEST_YEAR = 1900
