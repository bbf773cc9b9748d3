import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type EventLog, type HashName, parseEventLog } from '../measure/event-log.js'
import { eventDetail, eventTypeName } from '../measure/event-words.js'
import { REGISTERS, replayRegisters } from '../measure/replay.js'
import type { SavedLog } from './boot-request.js'
import type { SeenTpm } from './expect/probe.js'

/** One register of a bank: as the TPM has it, as the log makes it, and whether they are equal. */
export interface RegisterReading {
  readonly pcr: number
  readonly value: string
  readonly replayed: string
  readonly equal: boolean
}

/**
 * Writes what the guest told of its TPM: binary_bios_measurements as it came, event-log.json with the same to read, and
 * pcrs.json with each register beside what the log makes of it.
 *
 * It throws the operating system's error when they cannot be written.
 */
export async function saveTpmLog(dir: string, tpm: SeenTpm): Promise<Omit<SavedLog, 'dir'>> {
  const log = parseEventLog(tpm.eventLog)
  const banks = readRegisters(tpm, log)
  const [binary, events, registers] = TPM_LOG_FILES
  await writeFile(join(dir, binary), tpm.eventLog)
  await writeJson(join(dir, events), logObject(log))
  await writeJson(join(dir, registers), { banks })
  const all = Object.entries(banks).flatMap(([bank, readings]) => readings.map((reading) => ({ bank, ...reading })))
  return {
    files: TPM_LOG_FILES,
    registers: all.length,
    differing: all.filter(({ equal }) => !equal).map(({ bank, pcr }) => `${bank}:${pcr}`),
  }
}

/** The registers of each bank that the guest told of; what is no register of it is left out. Pure. */
export function readRegisters(
  { registers }: Pick<SeenTpm, 'registers'>,
  log: EventLog | undefined,
): Readonly<Partial<Record<HashName, readonly RegisterReading[]>>> {
  const banks: Partial<Record<HashName, readonly RegisterReading[]>> = {}
  for (const bank of SAVED_BANKS) {
    const values = valuesIn(registers[bank] ?? '', bank)
    if (values.size === 0) continue
    const replayed = replayRegisters(log ?? NO_LOG, bank)
    banks[bank] = [...values].map(([pcr, value]) => {
      const expected = replayed[pcr] ?? ''
      return { pcr, value, replayed: expected, equal: value === expected }
    })
  }
  return banks
}

/** Lines such as "7 65CAF8DD…". */
function valuesIn(text: string, bank: SavedBank): ReadonlyMap<number, string> {
  const values = new Map<number, string>()
  for (const line of text.split('\n').slice(0, REGISTERS)) {
    const [number = '', value = ''] = line.trim().split(/\s+/)
    if (!/^\d{1,2}$/.test(number) || Number(number) >= REGISTERS) continue
    if (new RegExp(`^[0-9A-Fa-f]{${DIGITS[bank]}}$`).test(value)) values.set(Number(number), value.toLowerCase())
  }
  return values
}

function logObject(log: EventLog | undefined): Readonly<Record<string, unknown>> {
  if (log === undefined) return { events: [], problem: 'it does not begin like an event log' }
  const { events, ...rest } = log
  return {
    ...rest,
    events: events.map((event) => ({
      pcr: event.pcr,
      type: eventTypeName(event.type),
      digests: event.digests,
      detail: eventDetail(event),
      dataBytes: event.data.length,
    })),
  }
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, undefined, 2)}\n`)
}

/** What it writes. */
export const TPM_LOG_FILES = ['binary_bios_measurements', 'event-log.json', 'pcrs.json'] as const

/** Those that the TPM is made with: src/tools/swtpm.ts. */
const SAVED_BANKS = ['sha256', 'sha384'] as const
type SavedBank = (typeof SAVED_BANKS)[number]
const DIGITS: Readonly<Record<SavedBank, number>> = { sha256: 64, sha384: 96 }
const NO_LOG: EventLog = { format: 'sha1', banks: [], events: [] }
