import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fitLaunch } from '../launch/fit-launch.js'
import { assertNoStrayWishes } from '../launch/stray-wishes.js'
import type { Say } from '../model/events.js'
import type { LaunchKey, LaunchLayer, SettledLaunch } from '../model/launch.js'
import { LAUNCH_PATHS } from '../model/launch-keys.js'
import { launchFileOf } from '../model/output-names.js'
import { readLaunchFile, writtenForAnother } from './launch-file.js'

export interface BootLaunchInput {
  readonly image: string
  /** Absent: output.launch.json beside output.qcow2, when it is there. */
  readonly launchFile?: string
  /** The weakest first. */
  readonly flags: readonly LaunchLayer[]
  /** The image's own boot loader starts it, whatever the file says. */
  readonly byBootLoader: boolean
}

/**
 * The launch that flags and launch file ask for together; flags are stronger. What the file decides is told.
 *
 * @throws {CvmError} LAUNCH_INVALID, IDENTITY_INVALID.
 */
export async function settleBootLaunch(input: BootLaunchInput, say: Say): Promise<SettledLaunch> {
  const file = input.launchFile ?? launchFileBeside(input.image)
  const ofFile = file === undefined ? [] : await layersOfFile(file, input, say)
  const settled = fitLaunch([...ofFile, ...input.flags])
  assertNoStrayWishes(settled, new Set(input.flags.map(({ origin }) => origin)))
  if (file !== undefined) say({ type: 'step', text: `launch file: ${file} (${shown(settled, ofFile)})` })
  return settled
}

/** Beside output.qcow2: output.launch.json, as a rewrite makes it; undefined when there is none. */
export function launchFileBeside(image: string): string | undefined {
  const path = launchFileOf(image)
  return existsSync(path) ? path : undefined
}

async function layersOfFile(
  path: string,
  { image, byBootLoader }: BootLaunchInput,
  say: Say,
): Promise<readonly LaunchLayer[]> {
  const file = await readLaunchFile(path)
  // Of one that a person names they know what it is for.
  const stale = file.path === resolve(launchFileOf(image)) ? await writtenForAnother(file, image) : undefined
  if (stale !== undefined) say({ type: 'warning', text: stale })
  const { layers } = file
  return byBootLoader ? layers.map(withoutDirectBoot) : layers
}

function withoutDirectBoot(layer: LaunchLayer): LaunchLayer {
  const { kernel: _, initrd: __, cmdline: ___, kernelHashes: ____, ...wishes } = layer.wishes
  return { ...layer, wishes }
}

/** The keys whose values are the file's. */
function shown({ origins }: SettledLaunch, layers: readonly LaunchLayer[]): string {
  const ofFile = new Set(layers.map(({ origin }) => origin))
  // Of keys that settled, as the type says.
  const keys = (Object.keys(origins) as LaunchKey[]).filter((key) => ofFile.has(origins[key] ?? ''))
  return keys.length === 0 ? 'nothing of it is used' : keys.map((key) => LAUNCH_PATHS[key]).join(', ')
}
