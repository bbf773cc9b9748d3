import type { LaunchKey, LaunchWishes, PortForward, QuoteService } from './launch.js'
import { LAUNCH_KEYS, LAUNCH_PATHS } from './launch-keys.js'
import { withImpliedKinds } from './launch-rules.js'
import { type DiskWord, LAUNCH_READERS, type LaunchWords } from './launch-values.js'
import type { Reading } from './reading.js'

/** `tee`, `vm` and `launch-identity` in the form of a launch file, as its schema lets them through. */
export type LaunchText = Readonly<Record<string, unknown>>

/** What stands for a word: itself, values of options, nothing when an option has no value. */
export type Fill = (word: string) => readonly string[]

export interface LaunchReading {
  readonly words: LaunchWords
  /** Values that cannot be: only options can have put them there, the schema has seen the others. */
  readonly mistakes: readonly { readonly key: LaunchKey; readonly what: string }[]
}

/** The wishes in a text, as they are written. */
export function launchWordsIn(text: LaunchText, fill: Fill = (word) => [word]): LaunchReading {
  const words: Partial<Record<LaunchKey, unknown>> = {}
  const mistakes: { key: LaunchKey; what: string }[] = []
  for (const key of LAUNCH_KEYS) {
    const raw = valueAt(text, LAUNCH_PATHS[key].split('.'))
    if (raw === undefined) continue
    const readings = key === 'disks' ? items(raw).map((disk) => diskIn(disk, fill)) : readingsOf(key, raw, fill)
    const values = readings.flatMap((reading) => ('value' in reading ? [reading.value] : []))
    mistakes.push(...readings.flatMap((reading) => ('wrong' in reading ? [{ key, what: reading.wrong }] : [])))
    if (Array.isArray(raw)) words[key] = values
    else if (values.length > 0) words[key] = values[0]
  }
  // Each value comes from its key's reader.
  return { words: withImpliedKinds(words as LaunchWords), mistakes }
}

function readingsOf(key: LaunchKey, raw: unknown, fill: Fill): readonly Reading<unknown>[] {
  if (Array.isArray(raw)) return raw.flatMap((item) => fill(String(item))).map((word) => LAUNCH_READERS[key](word))
  const filled = fill(String(raw))
  return filled.length === 0 ? [] : [LAUNCH_READERS[key](filled.join('\n'))]
}

function diskIn(disk: unknown, fill: Fill): Reading<DiskWord> {
  const [path = ''] = fill(String(valueAt(disk, ['path']) ?? ''))
  const reading = LAUNCH_READERS.firmwareCode(path)
  if ('wrong' in reading) return reading
  const [format] = fill(String(valueAt(disk, ['format']) ?? ''))
  const [readOnly = 'false'] = fill(String(valueAt(disk, ['read-only']) ?? 'false'))
  if (format !== undefined && !['', 'qcow2', 'raw'].includes(format))
    return { wrong: 'has a format that is not qcow2 or raw' }
  const known = format === 'qcow2' || format === 'raw' ? { format } : {}
  return { value: { path: reading.value, ...known, readOnly: readOnly === 'true' } as DiskWord }
}

/** The same wishes in the form of a launch file: what `launchWordsIn` reads back. */
export function launchTextOf(wishes: LaunchWishes): LaunchText {
  const text: Record<string, unknown> = {}
  for (const key of LAUNCH_KEYS) {
    if (wishes[key] !== undefined) putAt(text, LAUNCH_PATHS[key].split('.'), WRITERS[key]?.(wishes) ?? wishes[key])
  }
  return text
}

const WRITERS: Readonly<Partial<Record<LaunchKey, (wishes: LaunchWishes) => unknown>>> = {
  memoryMiB: ({ memoryMiB }) => memoryText(memoryMiB ?? 0),
  forwards: ({ forwards }) => forwards?.map(forwardText),
  disks: ({ disks }) => disks?.map(({ path, format, readOnly }) => ({ path, format, 'read-only': readOnly })),
  quoteService: ({ quoteService }) => quoteService && quoteServiceText(quoteService),
  idBlock: ({ idBlock }) => `hex:${idBlock}`,
  idAuth: ({ idAuth }) => `hex:${idAuth}`,
}

/** `8G` or `2500M`. */
export function memoryText(memoryMiB: number): string {
  return memoryMiB % 1024 === 0 ? `${memoryMiB / 1024}G` : `${memoryMiB}M`
}

/** `HOST:GUEST`, or `GUEST` for a free port of the host. */
function forwardText({ hostPort, guestPort }: PortForward): string {
  return hostPort === 0 ? String(guestPort) : `${hostPort}:${guestPort}`
}

/** `vsock:CID:PORT` or `unix:/PATH`. */
function quoteServiceText(service: QuoteService): string {
  return service.kind === 'vsock' ? `vsock:${service.cid}:${service.port}` : `unix:${service.path}`
}

function valueAt(value: unknown, [step, ...rest]: readonly string[]): unknown {
  if (step === undefined) return value
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
  return valueAt(Reflect.get(value, step), rest)
}

function putAt(target: Record<string, unknown>, [step = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    target[step] = value
    return
  }
  // Only we have put anything there.
  const inner = (target[step] ?? {}) as Record<string, unknown>
  target[step] = inner
  putAt(inner, rest, value)
}

function items(raw: unknown): readonly unknown[] {
  return Array.isArray(raw) ? raw : []
}
