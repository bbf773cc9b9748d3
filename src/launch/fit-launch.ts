import { CvmError } from '../model/errors.js'
import type { LaunchKey, LaunchLayer, SettledLaunch } from '../model/launch.js'
import { LAUNCH_PATHS } from '../model/launch-keys.js'
import { type LaunchMistake, launchMistakes } from '../model/launch-rules.js'
import { assertIdBlockFits } from './id-block-fit.js'
import { settleLaunch } from './settle-launch.js'

/**
 * Merges wishes, the weakest source first. What a stronger source has made meaningless is left out: a file's forwarded ports when a
 * flag wants no network.
 *
 * @throws {CvmError} LAUNCH_INVALID for wishes that do not go together, and as assertIdBlockFits.
 */
export function fitLaunch(layers: readonly LaunchLayer[]): SettledLaunch {
  let rest = layers
  for (;;) {
    const settled = settleLaunch(rest)
    const mistakes = launchMistakes(settled.wishes)
    const lasting = mistakes.filter((mistake) => !givesWay(mistake, rest))
    if (lasting.length > 0) throw contradiction(lasting, settled)
    if (mistakes.length === 0) {
      assertIdBlockFits(settled)
      return settled
    }
    const gone = new Set(mistakes.map(({ key }) => key))
    rest = rest.map((layer) => without(layer, gone))
  }
}

function givesWay({ key, against }: LaunchMistake, layers: readonly LaunchLayer[]): boolean {
  return rankOf(key, layers) < rankOf(against, layers)
}

function rankOf(key: LaunchKey, layers: readonly LaunchLayer[]): number {
  return layers.findLastIndex(({ wishes }) => wishes[key] !== undefined)
}

function without(layer: LaunchLayer, gone: ReadonlySet<LaunchKey>): LaunchLayer {
  const kept = Object.entries(layer.wishes).filter(([key]) => !gone.has(key as LaunchKey))
  return { ...layer, wishes: Object.fromEntries(kept) }
}

function contradiction(mistakes: readonly LaunchMistake[], { origins }: SettledLaunch): CvmError {
  const lines = mistakes.map(({ key, against, what }) => {
    const [one, other] = [origins[key], origins[against]]
    const whose = other === undefined || other === one ? `${one}` : `${one}; ${other}`
    return `${LAUNCH_PATHS[key]} ${what} (${whose})`
  })
  const [first = '', ...more] = lines
  const details = more.length === 0 ? {} : { lines: more }
  return new CvmError('LAUNCH_INVALID', `wishes for the launch do not go together: ${first}`, details)
}
