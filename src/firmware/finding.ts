/** One thing that lint says, as a sentence. */
export interface FirmwareFinding {
  /** A problem hangs a guest or loses variables, and no edit is made; a warning is most likely a mistake; a note is to be known. */
  readonly severity: 'problem' | 'warning' | 'note'
  readonly text: string
}

export function problem(text: string): FirmwareFinding {
  return { severity: 'problem', text }
}

export function warning(text: string): FirmwareFinding {
  return { severity: 'warning', text }
}

export function note(text: string): FirmwareFinding {
  return { severity: 'note', text }
}
