/**
 * The environment that every external program gets: an allow-list, so that nothing the caller's shell happens to
 * export (BASH_ENV, LD_PRELOAD, NODE_OPTIONS, IFS) changes what our children do. Variables of plugins, which may be secret, are
 * not in it: only the scripts of plugins get them, from the plan.
 *
 * The locale is fixed: messages are parsed and shown, and file names are UTF-8.
 */
export function hostEnvironment(from: NodeJS.ProcessEnv): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(from)) {
    if (value !== undefined && isAllowed(name)) kept[name] = value
  }
  return { ...kept, PATH: searchPath(from).join(':'), LANG: LOCALE, LC_ALL: LOCALE }
}

/** The variables that belong to plugins and that guest scripts get too. */
export function pluginVariables(from: NodeJS.ProcessEnv): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(from)) {
    if (value !== undefined && PLUGIN_VARIABLE.test(name)) kept[name] = value
  }
  return kept
}

/**
 * The directories in which programs are looked for.
 *
 * Relative entries (`.` or an empty one) are left out: a plugin's folder must not be able to supply `qemu-img`.
 * The sbin directories are added, because Debian keeps libvirtd and sgdisk there and leaves them out of a user's PATH.
 */
export function searchPath(from: NodeJS.ProcessEnv): readonly string[] {
  const listed = (from['PATH'] ?? DEFAULT_PATH).split(':').filter((dir) => dir.startsWith('/'))
  return [...new Set([...listed, ...SYSTEM_DIRECTORIES])]
}

function isAllowed(name: string): boolean {
  return SINGLE_NAMES.has(name) || XDG_VARIABLE.test(name) || LIBGUESTFS_VARIABLE.test(name)
}

const LOCALE = 'C.UTF-8'
const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin'
const SYSTEM_DIRECTORIES = ['/usr/sbin', '/sbin']
const SINGLE_NAMES = new Set(['HOME', 'USER', 'TMPDIR', 'TERM'])
const XDG_VARIABLE = /^XDG_[A-Z_]+$/
const LIBGUESTFS_VARIABLE = /^LIBGUESTFS_[A-Z0-9_]+$/
const PLUGIN_VARIABLE = /^(?:GUEST|CVM|IMA|SEAL)_[A-Z0-9_]*$/
