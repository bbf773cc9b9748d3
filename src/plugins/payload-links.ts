import { showName } from './file-names.js'
import type { PayloadEntry } from './payload-merge.js'

/** One line per plugin about links whose target no plugin ships: they are copied as they are and only followed in the guest. */
export function noteOutwardLinks(entries: readonly PayloadEntry[]): readonly string[] {
  const shipped = new Set(entries.map((entry) => entry.path.toString('latin1')))
  const perPlugin = new Map<string, string[]>()
  for (const entry of entries) {
    if (entry.target === undefined || isShipped(entry.path, entry.target, shipped)) continue
    const shown = perPlugin.get(entry.plugin) ?? []
    shown.push(`/${showName(entry.path)} -> ${showName(entry.target)}`)
    perPlugin.set(entry.plugin, shown)
  }
  return [...perPlugin].map(([plugin, links]) => {
    const rest = links.length > SHOWN_LINKS ? ` and ${links.length - SHOWN_LINKS} more` : ''
    return `${plugin}: links to what no plugin ships, copied as they are: ${links.slice(0, SHOWN_LINKS).join(', ')}${rest}`
  })
}

/** A relative link that leads to a shipped path. An absolute one is always worth a line: on the host it points elsewhere. */
function isShipped(link: Buffer, target: Buffer, shipped: ReadonlySet<string>): boolean {
  const text = target.toString('latin1')
  if (text.startsWith('/')) return false
  const steps = link.toString('latin1').split('/').slice(0, -1)
  for (const step of text.split('/')) {
    if (step === '' || step === '.') continue
    if (step === '..') {
      if (steps.length === 0) return false
      steps.pop()
    } else steps.push(step)
  }
  return steps.length === 0 || shipped.has(steps.join('/'))
}

const SHOWN_LINKS = 5
