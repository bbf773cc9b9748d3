/**
 * The log in which firmware and boot loaders write what they have measured into a TPM, or into the RTMRs of a TD (CCEL).
 *
 * Source: TCG PC Client Platform Firmware Profile Specification, 10.2 (crypto-agile log, TCG_PCR_EVENT2) and 10.4.5.1
 * (Spec ID Event03). All numbers are little-endian.
 */

export type HashName = (typeof HASHES)[number]['name']

export interface LogEvent {
  readonly pcr: number
  readonly type: number
  /** Hex digits by bank. */
  readonly digests: Readonly<Partial<Record<HashName, string>>>
  readonly data: Buffer
}

export interface EventLog {
  /** `sha1`: the older format, with one digest of 20 bytes for each event. */
  readonly format: 'crypto-agile' | 'sha1'
  /** Those that the log's header lists and that we know. */
  readonly banks: readonly HashName[]
  /** Without the header. */
  readonly events: readonly LogEvent[]
  /** Why the log was not read to its end; what comes before is in `events`. */
  readonly problem?: string
}

/**
 * Reads a log; what does not follow the format ends it, never us: it comes from a guest.
 *
 * undefined when it does not even begin like a log.
 */
export function parseEventLog(bytes: Buffer): EventLog | undefined {
  const reader = new Reader(bytes)
  const header = reader.oldEvent()
  if (header === undefined || header.type !== EV_NO_ACTION) return undefined
  if (header.data.toString('latin1', 0, SPEC_ID.length) !== SPEC_ID) return oldLog(bytes)

  const sizes = digestSizes(header.data)
  if (sizes === undefined) return undefined
  const banks = HASHES.filter(({ id, bytes: size }) => sizes.get(id) === size).map(({ name }) => name)
  return { format: 'crypto-agile', banks, ...readAll(reader, () => reader.agileEvent(sizes)) }
}

function oldLog(bytes: Buffer): EventLog {
  const reader = new Reader(bytes)
  return { format: 'sha1', banks: ['sha1'], ...readAll(reader, () => reader.oldEvent()) }
}

function readAll(reader: Reader, next: () => LogEvent | undefined): Pick<EventLog, 'events' | 'problem'> {
  const events: LogEvent[] = []
  while (!reader.ended) {
    if (events.length >= MAX_EVENTS) return { events, problem: `it has more than ${MAX_EVENTS} events` }
    const at = reader.at
    const event = next()
    if (event === undefined) return { events, problem: `what stands at byte ${at} is no event` }
    events.push(event)
  }
  return { events }
}

/** Bytes of a digest by algorithm, as the body of the "Spec ID Event03" lists them. */
function digestSizes(body: Buffer): ReadonlyMap<number, number> | undefined {
  if (body.length < ALGORITHMS_AT) return undefined
  const count = body.readUInt32LE(ALGORITHMS_AT - 4)
  if (count === 0 || count > MAX_ALGORITHMS || body.length < ALGORITHMS_AT + 4 * count) return undefined
  const sizes = new Map<number, number>()
  for (let at = ALGORITHMS_AT; at < ALGORITHMS_AT + 4 * count; at += 4) {
    sizes.set(body.readUInt16LE(at), body.readUInt16LE(at + 2))
  }
  return sizes
}

class Reader {
  at = 0
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** CCEL tables are filled up with 0xff, other areas with zeros. */
  get ended(): boolean {
    const left = this.#bytes.subarray(this.at)
    if (left.length === 0) return true
    if (left.length >= 4 && left.readUInt32LE(0) === 0xffff_ffff) return true
    return left[0] === 0 && left.every((byte) => byte === 0)
  }

  /** u32 PCR, u32 type, 20 bytes of SHA-1, u32 size, data. */
  oldEvent(): LogEvent | undefined {
    const pcr = this.#u32()
    const type = this.#u32()
    const sha1 = this.#take(20)
    const data = this.#sized()
    if (pcr === undefined || type === undefined || sha1 === undefined || data === undefined) return undefined
    return { pcr, type, digests: { sha1: sha1.toString('hex') }, data }
  }

  /** u32 PCR, u32 type, u32 count, count times {u16 algorithm, digest}, u32 size, data. */
  agileEvent(sizes: ReadonlyMap<number, number>): LogEvent | undefined {
    const pcr = this.#u32()
    const type = this.#u32()
    const count = this.#u32()
    if (pcr === undefined || type === undefined || count === undefined || count > sizes.size) return undefined
    const digests: Partial<Record<HashName, string>> = {}
    for (let index = 0; index < count; index += 1) {
      const id = this.#take(2)?.readUInt16LE(0)
      const size = id === undefined ? undefined : sizes.get(id)
      const digest = size === undefined ? undefined : this.#take(size)
      if (digest === undefined) return undefined
      const hash = HASHES.find((row) => row.id === id && row.bytes === size)
      if (hash !== undefined) digests[hash.name] = digest.toString('hex')
    }
    const data = this.#sized()
    return data === undefined ? undefined : { pcr, type, digests, data }
  }

  #sized(): Buffer | undefined {
    const size = this.#u32()
    return size === undefined ? undefined : this.#take(size)
  }

  #u32(): number | undefined {
    return this.#take(4)?.readUInt32LE(0)
  }

  #take(count: number): Buffer | undefined {
    if (count > this.#bytes.length - this.at) return undefined
    const taken = this.#bytes.subarray(this.at, this.at + count)
    this.at += count
    return taken
  }
}

/** Carries something for the reader of the log and is not measured. */
export const EV_NO_ACTION = 3
const SPEC_ID = 'Spec ID Event03\0'
/** Signature 16, platform class 4, versions 3, size of UINTN 1, number of algorithms 4. */
const ALGORITHMS_AT = 28
const MAX_ALGORITHMS = 16
/** A boot has about a hundred. */
const MAX_EVENTS = 20_000

/** Source: TCG Algorithm Registry. */
export const HASHES = [
  { id: 0x0004, name: 'sha1', bytes: 20 },
  { id: 0x000b, name: 'sha256', bytes: 32 },
  { id: 0x000c, name: 'sha384', bytes: 48 },
  { id: 0x000d, name: 'sha512', bytes: 64 },
] as const
