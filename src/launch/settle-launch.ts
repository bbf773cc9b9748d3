import type { LaunchKey, LaunchLayer, LaunchWishes, SettledLaunch } from '../model/launch.js'

/** Merges wishes, the weakest source first: the last one that has a key decides it, lists included. */
export function settleLaunch(layers: readonly LaunchLayer[]): SettledLaunch {
  const wishes: Partial<Record<LaunchKey, unknown>> = {}
  const origins: Partial<Record<LaunchKey, string>> = {}
  const madeFrom: Partial<Record<LaunchKey, string>> = {}
  for (const layer of layers) {
    for (const [key, value] of entries(layer.wishes)) {
      if (value === undefined) continue
      wishes[key] = value
      origins[key] = layer.origin
      const made = layer.madeFrom?.[key]
      if (made === undefined) delete madeFrom[key]
      else madeFrom[key] = made
    }
  }
  // Every value stands under the key that it had in its layer.
  return { wishes: wishes as LaunchWishes, origins, madeFrom }
}

function entries(wishes: LaunchWishes): readonly (readonly [LaunchKey, unknown])[] {
  return Object.entries(wishes) as [LaunchKey, unknown][]
}
