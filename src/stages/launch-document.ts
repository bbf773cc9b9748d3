import { basename } from 'node:path'
import type { LaunchKey, LaunchWishes, SettledLaunch } from '../model/launch.js'
import { LAUNCH_KEYS, LAUNCH_PATHS } from '../model/launch-keys.js'
import { launchTextOf } from '../model/launch-text.js'
import { companionsOf } from '../model/output-names.js'

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
    ...launchTextOf(besideIt(wishes, image)),
    origins: byPath(origins),
    ...(Object.keys(made).length === 0 ? {} : { 'made-from': made }),
  }
}

/** What is published with the image is found where the image is, wherever both are moved to. */
function besideIt(wishes: LaunchWishes, image: string): LaunchWishes {
  const beside = new Set(companionsOf(image).map(({ path }) => path))
  const { firmwareVars, firmwareImage } = wishes
  return {
    ...wishes,
    ...(firmwareVars !== undefined && beside.has(firmwareVars) ? { firmwareVars: basename(firmwareVars) } : {}),
    ...(firmwareImage !== undefined && beside.has(firmwareImage) ? { firmwareImage: basename(firmwareImage) } : {}),
  }
}

function byPath(words: Readonly<Partial<Record<LaunchKey, string>>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    LAUNCH_KEYS.flatMap((key) => (words[key] === undefined ? [] : [[LAUNCH_PATHS[key], words[key]]])),
  )
}
