import { Cleanup } from '../host/cleanup.js'
import type { BootHooks } from './boot-hooks.js'

/** Both of them, the hooks of `first` first, but closed last; of a probe, a session and a TPM there is one. */
export function bothHooks(first: BootHooks, second: BootHooks): BootHooks {
  const probe = first.probe ?? second.probe
  const session = first.session ?? second.session
  const startTpm = first.startTpm ?? second.startTpm
  return {
    ...(probe === undefined ? {} : { probe }),
    ...(session === undefined ? {} : { session }),
    ...(startTpm === undefined ? {} : { startTpm }),
    afterDiskPrepared: async (layer) => {
      await first.afterDiskPrepared?.(layer)
      await second.afterDiskPrepared?.(layer)
    },
    onConsole: (console, chunk) => {
      first.onConsole?.(console, chunk)
      second.onConsole?.(console, chunk)
    },
    onStarted: (consoles) => {
      first.onStarted?.(consoles)
      second.onStarted?.(consoles)
    },
    close: async () => {
      const closing = new Cleanup()
      closing.defer(async () => await first.close?.())
      closing.defer(async () => await second.close?.())
      await closing[Symbol.asyncDispose]()
    },
    afterVerdict: async (result) => {
      const once = (await first.afterVerdict?.(result)) ?? result
      return (await second.afterVerdict?.(once)) ?? once
    },
  }
}

/** Opens one after the other; when one cannot be opened, those before it are closed. */
export async function openHooks(...openers: readonly (() => Promise<BootHooks>)[]): Promise<BootHooks> {
  let open: BootHooks = {}
  for (const opener of openers) {
    const before = open
    open = bothHooks(before, await closingOnError(before, opener))
  }
  return open
}

/** Closes them whatever happens in `act`, whose error is the one that is told. */
export async function thenClose<T>(hooks: BootHooks, act: () => Promise<T>): Promise<T> {
  const value = await closingOnError(hooks, act)
  await hooks.close?.()
  return value
}

/** Closes them when `act` fails. */
export async function closingOnError<T>(hooks: BootHooks, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    // Why it could not be closed either says less than why it has to be.
    await hooks.close?.().catch(() => {})
    throw error
  }
}
