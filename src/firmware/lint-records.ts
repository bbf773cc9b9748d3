import { type FirmwareFinding, problem, warning } from './finding.js'
import { nameOf } from './live-variables.js'
import { variableKey } from './named-variable.js'
import { ERASED, RECORD_STATE } from './store-layout.js'
import type { StoreRecord, VariableStore } from './store-types.js'

/** What the firmware asserts of each record, and names that it could not find again. */
export function lintRecords({ records }: VariableStore): readonly FirmwareFinding[] {
  return [...records.flatMap(lintRecord), ...lintTwins(records)]
}

function lintRecord(record: StoreRecord): readonly FirmwareFinding[] {
  const where = `the record at 0x${record.offset.toString(16)}`
  const findings: FirmwareFinding[] = []
  if (!KNOWN_STATES.has(record.state)) {
    findings.push(problem(`${where} has the state 0x${record.state.toString(16)}, which no record can have`))
  }
  if (record.padding.some((byte) => byte !== ERASED)) {
    findings.push(problem(`${where} is not padded with 0xff up to the next one`))
  }
  if (!isFound(record)) return findings
  const fault = nameFault(record)
  if (fault !== undefined) findings.push(problem(`the name of ${where} ${fault}`))
  if (record.data.length === 0) {
    // VariableServiceGetVariable asserts that a variable which it has found has data; UEFI has no empty variables.
    findings.push(
      problem(`${where} (${nameOf(record)}) has no data, which in UEFI means that there is no such variable`),
    )
  }
  return findings
}

function nameFault({ nameBytes }: StoreRecord): string | undefined {
  if (nameBytes.length % 2 !== 0) return 'has an odd number of bytes'
  const name = nameBytes.toString('utf16le')
  if (!name.endsWith('\0')) return 'has no NUL at its end'
  if (name.length === 1) return 'is empty'
  return name.indexOf('\0') < name.length - 1 ? 'has a NUL inside of it' : undefined
}

/** The firmware takes the first of two live records with one name; the other one only takes up room. */
function lintTwins(records: readonly StoreRecord[]): readonly FirmwareFinding[] {
  const seen = new Set<string>()
  const findings: FirmwareFinding[] = []
  for (const record of records) {
    if (record.state !== RECORD_STATE.live) continue
    const key = variableKey({ name: nameOf(record), guid: record.guid })
    if (seen.has(key)) findings.push(warning(`${nameOf(record)} is there more than once; only the first one counts`))
    seen.add(key)
  }
  return findings
}

function isFound({ state }: StoreRecord): boolean {
  return state === RECORD_STATE.live || state === RECORD_STATE.inTransition
}

const KNOWN_STATES: ReadonlySet<number> = new Set(Object.values(RECORD_STATE))
