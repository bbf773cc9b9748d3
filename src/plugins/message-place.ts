import { existsSync } from 'node:fs'

/** Where a message of the reading points to. */
export interface MessagePlace {
  /** Absolute path; absent when the message is about no single file. */
  readonly file?: string
  readonly line?: number
  readonly column?: number
}

/** The parts of a problem's `where`, which is a path with `:line` or `:line:column` where known. */
export function placeOf(where: string): MessagePlace {
  if (!where.startsWith('/')) return {}
  // A name may end like a line number.
  if (existsSync(where)) return { file: where }
  const [, file = where, line, column] = /^(.+?)(?::(\d+))?(?::(\d+))?$/s.exec(where) ?? []
  return {
    file,
    ...(line === undefined ? {} : { line: Number(line) }),
    ...(column === undefined ? {} : { column: Number(column) }),
  }
}

/** Place and sentence of a note, `PLACE: SENTENCE`. A name may contain the separator, so the place is one that is there. */
export function splitNote(note: string): MessagePlace & { readonly text: string } {
  const places: { place: MessagePlace; text: string }[] = []
  for (let at = note.indexOf(': '); at !== -1; at = note.indexOf(': ', at + 1)) {
    const place = placeOf(note.slice(0, at))
    if (place.file === undefined) break
    const text = note.slice(at + 2)
    if (existsSync(place.file)) return { ...place, text }
    places.push({ place, text })
  }
  const [first] = places
  return first === undefined ? { text: note } : { ...first.place, text: first.text }
}
