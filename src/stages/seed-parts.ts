import { join } from 'node:path'
import type { Plugin } from '../model/plugin.js'
import type { SeedPart } from '../model/rewrite.js'
import { GUEST_SCRIPTS_DIR } from './sources.js'

/**
 * The MIME parts in the order in which the guest meets them: our boothook, the first cloud-config, what plugin.yaml files ask of
 * cloud-init, the plugins' cloud-configs, our runner of scripts, the plugins' scripts in plugin order, the guest scripts of the post-stage.
 *
 * `firstConfig` is the path of user-data.basic, `rootfsConfig` of what rootfs-config.ts has written; `plugins` are read from the
 * private copy, so what host scripts left behind is among them.
 */
export function seedParts(firstConfig: string, plugins: readonly Plugin[], rootfsConfig?: string): readonly SeedPart[] {
  const running = plugins.filter((plugin) => plugin.skipped === undefined)
  return [
    { name: 'boothook.sh', type: 'cloud-boothook', source: join(GUEST_SCRIPTS_DIR, 'boothook.sh') },
    { name: 'user-data.basic', type: 'cloud-config', source: firstConfig },
    ...(rootfsConfig === undefined
      ? []
      : [{ name: 'plugin-yaml.config', type: 'cloud-config', source: rootfsConfig } as const]),
    ...numbered(running.flatMap(cloudConfigs), 'config-'),
    { name: '000-run-parts', type: 'x-shellscript', source: join(GUEST_SCRIPTS_DIR, 'run-parts.sh') },
    ...numbered(running.flatMap(scripts), ''),
    ...numbered([...running].sort(byNumber).flatMap(postScripts), 'post-'),
  ]
}

type Unnumbered = Omit<SeedPart, 'name'> & { readonly plugin: string; readonly file: string }

function cloudConfigs(plugin: Plugin): Unnumbered[] {
  return plugin.cloudConfigs.map((file) => ({
    ...part(plugin, file.path, file.template === 'jinja' ? 'jinja2' : 'cloud-config'),
    ...(file.runcmd === undefined ? {} : { runcmd: file.runcmd }),
  }))
}

function scripts(plugin: Plugin): Unnumbered[] {
  const own = plugin.stage === 'pre-stage' && plugin.guestRun !== undefined ? [plugin.guestRun] : []
  return [...plugin.shellScripts, ...own].map((file) => part(plugin, file.path, 'x-shellscript'))
}

/** Last in the guest: the post-stage plugins, and the share that a pre-stage plugin has in that stage. */
function postScripts(plugin: Plugin): Unnumbered[] {
  const script = plugin.stage === 'post-stage' ? plugin.guestRun : plugin.postGuestRun
  return script === undefined ? [] : [part(plugin, script.path, 'x-shellscript')]
}

function part(plugin: Plugin, file: string, type: SeedPart['type']): Unnumbered {
  return { type, source: join(plugin.dir, file), plugin: plugin.name, file }
}

/** A number in front, of as many digits everywhere, keeps the order where cloud-init sorts by name, and the names apart when two plugins call a script the same. */
function numbered(parts: readonly Unnumbered[], prefix: string): SeedPart[] {
  const first = parts.length <= 900 ? 100 : 1000
  return parts.map((each, index) => ({
    ...each,
    name: `${prefix}${first + index}-${safe(each.plugin)}-${safe(each.file)}`,
  }))
}

/** The last component with nothing in it that make-mime, MIME headers or cloud-init's clean_filename would change. */
function safe(file: string): string {
  return (file.split('/').at(-1) ?? file).replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 80)
}

function byNumber(one: Plugin, other: Plugin): number {
  return one.number - other.number
}
