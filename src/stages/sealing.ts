import type { Plugin } from '../model/plugin.js'
import type { SourceDirs } from '../model/rewrite.js'

/** The plugin that removes what all copies of the image would share. */
export function isSeal(plugin: Pick<Plugin, 'name' | 'stage'>): boolean {
  return plugin.stage === 'post-stage' && /^\d\d-seal$/.test(plugin.name)
}

/** A post-stage of the bash tool has no such plugin; left out with --skip, it is in the summary anyway. */
export function noteUnsealed(plugins: readonly Plugin[], { postStage }: SourceDirs): readonly string[] {
  if (plugins.some(isSeal)) return []
  return [
    `${postStage}: has no 10-seal, so the image is not sealed: all copies of it share host keys and machine-id, and cloud-init stays open`,
  ]
}
