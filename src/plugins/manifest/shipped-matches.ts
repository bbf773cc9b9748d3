import { pathMatcher, readPathPattern } from '../../model/path-pattern.js'
import type { Problem } from '../../model/plugin.js'
import { nameAsText } from '../file-names.js'
import { listTree, showBelow, type TreeEntry } from '../tree-listing.js'
import { readInitrdWords } from './initrd-words.js'
import { filledWords } from './merge-words.js'
import type { Wisher } from './plan-wishes.js'
import { wishPlace } from './wish-place.js'

/** What a plugin's patterns match in its own files/. */
export interface ShippedMatches {
  readonly plugin: string
  /** Absolute paths in the guest, in the order of their bytes: a directory stands before what is in it. */
  readonly paths: readonly string[]
  readonly problems: readonly Problem[]
  readonly notes: readonly string[]
}

/** Matches the patterns of `initrd.files` that have no leading slash with what the plugin ships at this moment. */
export async function matchShipped(
  plugin: Wisher,
  values: Readonly<Record<string, string>>,
  hostScriptsRan: boolean,
): Promise<ShippedMatches> {
  const patterns = readInitrdWords(plugin, 'files', values).filter((word) => !word.startsWith('/'))
  const listing = plugin.hasFiles && patterns.length > 0 ? await listTree(`${plugin.dir}/files`) : { entries: [] }
  const isMatch = patterns.map(pathMatcher)
  const matched = listing.entries.filter(({ path }) => isMatch.some((matches) => matches(path.toString('utf8'))))
  const good = matched.filter((entry) => entry.kind !== 'special' && whyNoLine(entry) === undefined)
  const findings = await emptyPatterns(plugin, values, listing.entries, hostScriptsRan)
  return {
    plugin: plugin.name,
    paths: good.map(({ path }) => `/${path.toString('utf8')}`),
    problems: [...matched.flatMap((entry) => badName(plugin, entry)), ...findings.problems],
    notes: [...findings.notes, ...noteLoneDirectories(plugin, patterns, listing.entries, good)],
  }
}

/** Patterns with nothing that they match: mistakes, unless something is still to come. */
async function emptyPatterns(
  plugin: Wisher,
  values: Readonly<Record<string, string>>,
  entries: readonly TreeEntry[],
  hostScriptsRan: boolean,
): Promise<{ readonly problems: readonly Problem[]; readonly notes: readonly string[] }> {
  const problems: Problem[] = []
  const notes: string[] = []
  const hasScript = plugin.stage === 'pre-stage' && plugin.hostRun !== undefined
  for (const [index, written] of (plugin.manifest.initrd?.files ?? []).entries()) {
    for (const pattern of filledWords([written], values)) {
      if (pattern.startsWith('/') || !readInitrdWords(plugin, 'files', values).includes(pattern)) continue
      const matches = pathMatcher(pattern)
      if (entries.some(({ path }) => matches(path.toString('utf8')))) continue
      const { hasSigns } = readPathPattern(pattern)
      if (hasSigns && (hasScript || entries.length === 0)) continue
      const where = await wishPlace(plugin, ['initrd', 'files', index])
      if (hasScript && !hostScriptsRan) {
        notes.push(`${where}: initrd.files: nothing in files/ is ${pattern} yet; host_run.sh has to make it`)
      } else {
        const what = `initrd.files: nothing in files/ is ${pattern}; a path of the guest's own files begins with "/"`
        problems.push({ code: 'PLUGIN_INVALID', where, what })
      }
    }
  }
  return { problems, notes }
}

/** A directory that is named, and nothing of what is in it. */
function noteLoneDirectories(
  { name }: Wisher,
  patterns: readonly string[],
  entries: readonly TreeEntry[],
  matched: readonly TreeEntry[],
): readonly string[] {
  const named = new Set(patterns.map(readPathPattern).flatMap(({ base, hasSigns }) => (hasSigns ? [] : [base])))
  return matched.flatMap(({ path, kind }) => {
    const shown = path.toString('utf8')
    const isIn = (entry: TreeEntry) => entry.path.toString('utf8').startsWith(`${shown}/`)
    if (kind !== 'directory' || !named.has(shown) || matched.some(isIn) || !entries.some(isIn)) return []
    return [
      `${name}: initrd.files: ${shown} is a directory, and gets into the initrd empty; ${shown}/** is all that is in it`,
    ]
  })
}

function badName({ dir }: Wisher, entry: TreeEntry): readonly Problem[] {
  const why = whyNoLine(entry)
  if (why === undefined) return []
  return [{ code: 'PLUGIN_INVALID', where: showBelow(`${dir}/files`, entry.path), what: why }]
}

/** The guest gets its list as lines with tabs between columns. */
function whyNoLine({ path }: TreeEntry): string | undefined {
  if (path.includes(LINE_BREAK) || path.includes(TAB))
    return 'has a line break or a tab in its name, which no list for an initrd can hold; rename it'
  return nameAsText(path) === undefined
    ? 'has a name that is not UTF-8, and cannot be put into the initrd; rename it'
    : undefined
}

const LINE_BREAK = 0x0a
const TAB = 0x09
