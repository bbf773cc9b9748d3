import { basename } from 'node:path'
import type { LaunchKey, SettledLaunch } from '../model/launch.js'
import { LAUNCH_KEYS, LAUNCH_PATHS } from '../model/launch-keys.js'
import { launchTextOf } from '../model/launch-text.js'

/** output.launch.json: a launch file with the wishes of plugins and of --launch, identities as hex, and where each is from. */
export interface LaunchDocument extends Readonly<Record<string, unknown>> {
  readonly image: string
  readonly origins: Readonly<Record<string, string>>
}

/** Pure: what lies beside the image; `image` is its path. */
export function launchDocument({ wishes, origins, madeFrom }: SettledLaunch, image: string): LaunchDocument {
  const made = byPath(madeFrom)
  return {
    image: basename(image),
    ...launchTextOf(wishes),
    origins: byPath(origins),
    ...(Object.keys(made).length === 0 ? {} : { 'made-from': made }),
  }
}

function byPath(words: Readonly<Partial<Record<LaunchKey, string>>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    LAUNCH_KEYS.flatMap((key) => (words[key] === undefined ? [] : [[LAUNCH_PATHS[key], words[key]]])),
  )
}
