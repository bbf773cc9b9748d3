import { createHash } from 'node:crypto'
import { EV_NO_ACTION, type EventLog, HASHES, type HashName, type LogEvent } from './event-log.js'

/**
 * The values that a TPM's registers have after the events of a log, as hex digits; 24 of them, in order.
 *
 * A register is extended with H(old value || digest). Source: TCG PC Client Platform Firmware Profile, 2.3.4 and
 * TCG PC Client Platform TPM Profile, 4.6 (initial values).
 */
export function replayRegisters({ events }: EventLog, bank: HashName): readonly string[] {
  const registers = initialRegisters(bank, startupLocality(events))
  for (const { pcr, type, digests } of events) {
    const digest = digests[bank]
    const before = registers[pcr]
    if (type === EV_NO_ACTION || digest === undefined || before === undefined) continue
    registers[pcr] = createHash(bank).update(before).update(Buffer.from(digest, 'hex')).digest()
  }
  return registers.map((value) => value.toString('hex'))
}

/** Zeros; the registers of a dynamic launch, 17 to 22, are all ones until there is one. */
function initialRegisters(bank: HashName, locality: number): Buffer[] {
  const bytes = HASHES.find(({ name }) => name === bank)?.bytes ?? 0
  return Array.from({ length: REGISTERS }, (_, pcr) => {
    const value = Buffer.alloc(bytes, pcr >= 17 && pcr <= 22 ? 0xff : 0)
    if (pcr === 0) value[bytes - 1] = locality
    return value
  })
}

/** From where the TPM was started; it is the last byte of register 0 at first. */
function startupLocality(events: readonly LogEvent[]): number {
  const found = events.find(
    ({ type, data }) =>
      type === EV_NO_ACTION && data.toString('latin1', 0, STARTUP_LOCALITY.length) === STARTUP_LOCALITY,
  )
  return found?.data[STARTUP_LOCALITY.length] ?? 0
}

export const REGISTERS = 24
const STARTUP_LOCALITY = 'StartupLocality\0'
