import type { Plugin } from '../../model/plugin.js'

/** Where a problem is that only shows beside the other plugins: the plugin's plugin.yaml. */
export function manifestOf({ dir }: Pick<Plugin, 'dir'>): string {
  return `${dir}/plugin.yaml`
}
