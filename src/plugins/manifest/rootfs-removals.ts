import type { Problem } from '../../model/plugin.js'
import type { AskedWord, RootfsPlan } from '../../model/wishes.js'
import { rootfsProblem } from './rootfs-words.js'

/** Why some of the paths cannot be removed. The guest looks again, when it knows what its links lead to: rootfs-settings.sh. */
export function removalProblems(remove: readonly AskedWord[], modes: RootfsPlan['modes']): readonly Problem[] {
  return remove.flatMap(({ word, plugins }) => {
    if (!PATH.test(word)) return [rootfsProblem(plugins, `${JSON.stringify(word.slice(0, 80))} is no path to remove`)]
    if (isNeeded(word)) return [rootfsProblem(plugins, `a system needs ${word}; name what is to go below it`)]
    if (below(word, OURS) || below(OURS, word))
      return [rootfsProblem(plugins, `${word} belongs to the run, which removes it itself at its end`)]
    return modes
      .filter(({ path }) => below(path, word))
      .map((mode) => {
        const what = `want ${word} to be gone and ${mode.path} to have its mode or owner`
        return rootfsProblem([...plugins, ...mode.plugins], what)
      })
  })
}

/** A directory that a system needs as it is: the Filesystem Hierarchy Standard's, with the first level of /usr and /var. */
export function isNeeded(path: string): boolean {
  return TOP.has(path) || /^\/lib[^/]*$/.test(path) || /^\/(?:usr|var)\/[^/]+$/.test(path)
}

function below(path: string, top: string): boolean {
  return path === top || path.startsWith(`${top}/`)
}

const TOP: ReadonlySet<string> = new Set([
  ...['/', '/usr', '/etc', '/boot', '/bin', '/sbin', '/var', '/home', '/root', '/dev', '/proc', '/sys', '/run'],
  ...['/opt', '/srv', '/tmp', '/mnt', '/media'],
])
/** As manifest-schema.ts has it: absolute, no `.` and `..`, no slash at its end, no control character. */
const PATH = /^\/(?!(?:.*\/)?\.{1,2}(?:\/|$))(?!.*\/\/)[^\u0000-\u001f\u007f$]{0,1022}[^\u0000-\u001f\u007f$/]$/
const OURS = '/var/lib/cvm-image-rewriter'
