import { gunzipSync } from 'node:zlib'
import type { CloudInitStatus, GuestEvent } from '../model/guest-report.js'
import { printable } from './printable.js'

/**
 * Reads the guest's report: JSON lines that carry this run's nonce, anything else is noise.
 *
 * The guest is not trusted. A line is at most LINE_LIMIT_BYTES, unknown events and fields of the wrong type drop the line
 * (and are counted), free text is decoded from base64, bounded and made printable. More than MOST_EVENTS or MOST_BYTES in all are
 * no report any more: what comes then is passed over, and `flooded` says so.
 * The guest's half of the protocol is cloud-init/guest/report.sh.
 */
export class GuestReportReader {
  /** Lines with the right nonce that did not follow the protocol. */
  malformed = 0
  #events = 0
  #bytes = 0
  readonly #start: string
  #pending = ''
  #overlong = false

  constructor(nonce: string) {
    this.#start = `{"cvm":"${nonce}",`
  }

  get flooded(): boolean {
    return this.#events > MOST_EVENTS || this.#bytes > MOST_BYTES
  }

  feed(chunk: Uint8Array): readonly GuestEvent[] {
    const events: GuestEvent[] = []
    const lines = (this.#pending + Buffer.from(chunk).toString('latin1')).split('\n')
    this.#pending = lines.pop() ?? ''
    for (const line of lines) {
      if (!this.#overlong && line.length <= LINE_LIMIT_BYTES) {
        const event = this.#read(line)
        if (event !== undefined) events.push(event)
      }
      this.#overlong = false
    }
    if (this.#pending.length > LINE_LIMIT_BYTES) {
      this.#pending = ''
      this.#overlong = true
    }
    return events
  }

  /** Firmware and grub write to this port too, without a newline at the end: the start is looked for anywhere in the line. */
  #read(line: string): GuestEvent | undefined {
    const at = line.indexOf(this.#start)
    if (at < 0) return undefined
    this.#events += 1
    this.#bytes += line.length - at
    if (this.flooded) return undefined
    const event = toEvent(parseObject(line.slice(at)))
    if (event === undefined) this.malformed += 1
    return event
  }
}

const LINE_LIMIT_BYTES = 512 * 1024
/** A thousand parts, the most that a run can have, say about 2500 things and a few megabytes. */
const MOST_EVENTS = 10_000
const MOST_BYTES = 32 * 1024 * 1024
const TEXT_LIMIT_BYTES = 64 * 1024
const LIST_LIMIT = 200
const PACKAGES_LIMIT_BYTES = 4 * 1024 * 1024

type Fields = Readonly<Record<string, unknown>>

function parseObject(text: string): Fields {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Fields) : {}
  } catch {
    return {}
  }
}

function toEvent(fields: Fields): GuestEvent | undefined {
  const s = number(fields['s'])
  if (s === undefined) return undefined
  switch (fields['event']) {
    case 'boot':
      return { event: 'boot', s }
    case 'done':
      return { event: 'done', s }
    case 'no-space':
      return { event: 'no-space', s, needKiB: number(fields['needKiB']) ?? 0, freeKiB: number(fields['freeKiB']) ?? 0 }
    case 'units':
      return { event: 'units', s, failed: lines(fields['failed']) }
    case 'cloud-init':
      return { event: 'cloud-init', s, ...cloudInitStatus(fields) }
    case 'inventory':
      return { event: 'inventory', s, ...inventory(fields) }
    case 'sealed':
      return {
        event: 'sealed',
        s,
        left: lines(fields['left']),
        cloudInit: fields['cloudInit'] === 'closed' ? 'closed' : 'open',
        ...(fields['kernelKey'] === 'there' ? { holdsKernelKey: true } : {}),
      }
    case 'listing':
      return listingEvent(fields, s)
    default:
      return partEvent(fields, s)
  }
}

function listingEvent(fields: Fields, s: number): GuestEvent | undefined {
  const { part: number, of, data } = fields
  if (!isCount(number) || !isCount(of) || number > of) return undefined
  return typeof data === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(data)
    ? { event: 'listing', s, number, of, data }
    : undefined
}

/** The events that name a part or carry an exit code. */
function partEvent(fields: Fields, s: number): GuestEvent | undefined {
  const part = partName(fields['part'])
  const rc = number(fields['rc'])
  if (fields['event'] === 'note') return { event: 'note', s, part: part ?? '', text: text(fields['text']) }
  if (fields['event'] === 'part-start') return part === undefined ? undefined : { event: 'part-start', s, part }
  if (rc === undefined) return undefined
  switch (fields['event']) {
    case 'payload':
    case 'trimmed':
      return { event: fields['event'], s, rc, tail: text(fields['tail']) }
    case 'runcmd-failed':
      return { event: 'runcmd-failed', s, rc, command: text(fields['command']) }
    case 'part-end':
      return part === undefined ? undefined : { event: 'part-end', s, part, rc, tail: text(fields['tail']) }
    case 'failed':
      return part === undefined ? undefined : { event: 'failed', s, part, rc }
    default:
      return undefined
  }
}

/** status.json and result.json as cloud-init writes them (cloudinit/cmd/main.py, status_wrapper). */
function cloudInitStatus(fields: Fields): CloudInitStatus {
  const result = asFields(asFields(parseObject(decoded(fields['result'])))['v1'])
  const status = asFields(asFields(parseObject(decoded(fields['status'])))['v1'])
  const stages = Object.entries(status).filter(([, value]) => typeof value === 'object' && value !== null)
  const errors = stages.flatMap(([stage, value]) =>
    strings(asFields(value)['errors']).map((error) => `${stage}: ${error}`),
  )
  const recoverable = stages.flatMap(([, value]) =>
    Object.values(asFields(asFields(value)['recoverable_errors'])).flatMap(strings),
  )
  const logged = lines(fields['warnings'])
  return {
    version: text(fields['version']),
    instance: text(fields['instance']).trim(),
    datasource: typeof result['datasource'] === 'string' ? printable(result['datasource']) : '',
    finished: 'datasource' in result,
    errors: errors.slice(0, LIST_LIMIT).map((line) => printable(line)),
    // Since 23.4 status.json repeats what the log says; earlier versions have the log only.
    warnings: (logged.length > 0 ? logged : recoverable).slice(0, LIST_LIMIT).map((line) => printable(line)),
  }
}

function inventory(fields: Fields): {
  os: string
  kernels: string[]
  initrds: string[]
  cmdline: string
  packages: string[]
} {
  const boot = lines(fields['boot'])
  return {
    os: text(fields['os']),
    kernels: boot.filter((name) => name.startsWith('vmlinuz')),
    initrds: boot.filter((name) => name.startsWith('init')),
    cmdline: text(fields['cmdline']).trim(),
    packages: packageList(fields['packages']),
  }
}

function packageList(value: unknown): string[] {
  try {
    const bytes = gunzipSync(Buffer.from(typeof value === 'string' ? value : '', 'base64'), {
      maxOutputLength: PACKAGES_LIMIT_BYTES,
    })
    return bytes
      .toString('utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => printable(line))
  } catch {
    return []
  }
}

/** Free text as the guest sent it; only for parsing. */
function decoded(value: unknown): string {
  return typeof value === 'string' ? Buffer.from(value, 'base64').subarray(0, TEXT_LIMIT_BYTES).toString('utf8') : ''
}

function text(value: unknown): string {
  return decoded(value)
    .split('\n')
    .map((line) => printable(line))
    .join('\n')
    .trimEnd()
}

function lines(value: unknown): string[] {
  return text(value).split('\n').filter(Boolean).slice(0, LIST_LIMIT)
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []
}

function asFields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1
}

function partName(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.-]{1,200}$/.test(value) ? value : undefined
}
