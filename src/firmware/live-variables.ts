import { variableKey } from './named-variable.js'
import { RECORD_STATE } from './store-layout.js'
import type { StoredVariable, StoreRecord } from './store-types.js'

/**
 * What the firmware finds in these records: of each name and GUID the first live one, else the last one in transition.
 *
 * Source: edk2, MdeModulePkg/Universal/Variable/RuntimeDxe/VariableParsing.c, FindVariableEx.
 */
export function liveVariables(records: readonly StoreRecord[]): readonly StoredVariable[] {
  const found = new Map<string, StoreRecord>()
  for (const record of records) {
    if (record.state !== RECORD_STATE.live && record.state !== RECORD_STATE.inTransition) continue
    const key = variableKey({ name: nameOf(record), guid: record.guid })
    if (found.get(key)?.state !== RECORD_STATE.live) found.set(key, record)
  }
  const winners = new Set(found.values())
  return records.filter((record) => winners.has(record)).map(variableOf)
}

/** A name without its NUL. */
export function nameOf({ nameBytes }: Pick<StoreRecord, 'nameBytes'>): string {
  const name = nameBytes.toString('utf16le')
  return name.endsWith('\0') ? name.slice(0, -1) : name
}

function variableOf(record: StoreRecord): StoredVariable {
  const { guid, attributes, data, time, monotonicCount, publicKeyIndex } = record
  return {
    name: nameOf(record),
    guid,
    attributes,
    data,
    ...(time.every((byte) => byte === 0) ? {} : { time }),
    ...(monotonicCount === 0n ? {} : { monotonicCount }),
    ...(publicKeyIndex === 0 ? {} : { publicKeyIndex }),
  }
}
