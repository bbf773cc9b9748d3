import type { GrubWishes, PluginManifest } from '../../../../src/model/manifest.js'
import type { Wisher } from '../../../../src/plugins/manifest/plan-wishes.js'
import { aPlugin } from '../../../fixtures/builders.js'

/** A plugin.yaml that says nothing, but for what is given. */
export function aManifest(given: Partial<PluginManifest> = {}): PluginManifest {
  return { options: [], requires: { options: [], host: [], guest: [], before: [], after: [] }, ...given }
}

/** A plugin that wants something of the boot loader. */
export function aGrubWisher(name: string, grub: Partial<GrubWishes>): Wisher {
  return { ...aPlugin({ name }), manifest: aManifest({ grub: { add: [], remove: [], modules: [], ...grub } }) }
}
