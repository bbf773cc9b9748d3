import { isGuid } from './guid.js'
import type { NamedVariable } from './named-variable.js'
import type { FirmwareVariable } from './variable.js'
import { wellKnown } from './well-known.js'

/** Which variable a text names, `Timeout`, or `Name-GUID` as efivarfs does; or the GUIDs of all variables of that name, none when even the name is not known. */
export type NameReading =
  | ({ readonly ok: true } & NamedVariable)
  | { readonly ok: false; readonly guids: readonly string[] }

/** The name and GUID that are meant: as given, else those of the one variable of that name, else the well-known ones. */
export function readName(text: string, variables: readonly FirmwareVariable[]): NameReading {
  const guid = text.slice(-GUID_LENGTH)
  if (text.length > GUID_LENGTH + 1 && text.at(-GUID_LENGTH - 1) === '-' && isGuid(guid)) {
    return { ok: true, name: text.slice(0, -GUID_LENGTH - 1), guid: guid.toLowerCase() }
  }
  const known = wellKnown(text)?.guid
  const guids = variables.filter(({ name }) => name === text).map((each) => each.guid)
  const [only] = guids
  if (only !== undefined && guids.length === 1) return { ok: true, name: text, guid: only }
  if (known !== undefined && (guids.length === 0 || guids.includes(known))) return { ok: true, name: text, guid: known }
  return { ok: false, guids }
}

const GUID_LENGTH = 36
