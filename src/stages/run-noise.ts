import type { FileChange } from '../model/guest-changes.js'

/**
 * A difference that every two runs have, whatever plugins do: nothing can be learned from it.
 *
 * `different`: in what; empty for a file that only one of the two has.
 */
export function isNoise(path: string, different: FileChange['different'], sameSize: boolean): boolean {
  if (LOGS.test(path) || TIMES.test(path)) return true
  const onlyContent = different.length === 1 && different[0] === 'content'
  return onlyContent && ((sameSize && DATED.has(path)) || COMPILED.test(path))
}

/** Filled by every service, emptied by the seal. */
const LOGS = /^\/var\/log\//
/** Empty files whose own time is all they tell: when systemd last knew the time, and when it last ran a timer. */
const TIMES = /^\/var\/lib\/systemd\/(?:timesync\/clock|timers\/stamp-[^/]+)$/
/** cloud-init writes the date into it, which has always the same length. */
const DATED: ReadonlySet<string> = new Set(['/etc/sudoers.d/90-cloud-init-users'])
/** Python compiles a module that it can compile again; the bytes hold times and are not the same twice. */
const COMPILED = /\/__pycache__\/[^/]+\.pyc$/
