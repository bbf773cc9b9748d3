import { constants } from 'node:os'
import { Interrupted } from '../model/errors.js'
import { exitCodeOfSignal } from '../model/exit.js'

export interface Interruption extends Disposable {
  /** Aborted with an Interrupted at the first signal. */
  readonly signal: AbortSignal
}

/** Turns the first SIGINT, SIGTERM or SIGHUP into an abort, so that the run can clean up; the second one ends the process at once. */
export function interruption(onFirst: (signal: NodeJS.Signals) => void): Interruption {
  const controller = new AbortController()
  const handle = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(exitCodeOfSignal(constants.signals[signal]))
    controller.abort(new Interrupted(signal))
    onFirst(signal)
  }
  for (const signal of SIGNALS) process.on(signal, handle)
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const signal of SIGNALS) process.off(signal, handle)
    },
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
