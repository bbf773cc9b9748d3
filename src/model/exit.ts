/** Process exit codes: the whole contract with callers (design: 0 … 124; 128+n for signals). */
export const EXIT = {
  ok: 0,
  bug: 1,
  usage: 2,
  host: 3,
  image: 4,
  plugin: 5,
  preStage: 6,
  guest: 7,
  check: 8,
  io: 9,
  busy: 75,
  timeout: 124,
} as const

export type ExitClass = keyof typeof EXIT

/** Exit code for a run ended by a signal, as shells count it: 128 + n. */
export function exitCodeOfSignal(signalNumber: number): number {
  return 128 + signalNumber
}
