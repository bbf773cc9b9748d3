import { printable } from '../guest/printable.js'
import type { UnitChange } from '../model/guest-changes.js'
import type { GuestListing } from '../model/guest-listing.js'

/** Units of the system that start with it now, or can no longer be started: both are links that systemctl makes. */
export function unitChanges(before: GuestListing, now: GuestListing): readonly UnitChange[] {
  const [old, current] = [unitsOf(before), unitsOf(now)]
  const only = (ours: ReadonlySet<string>, others: ReadonlySet<string>, change: UnitChange['change']) =>
    [...ours].filter((unit) => !others.has(unit)).map((unit) => ({ change, unit: printable(unit) }))
  return [
    ...only(current.enabled, old.enabled, 'enabled'),
    ...only(old.enabled, current.enabled, 'disabled'),
    ...only(current.masked, old.masked, 'masked'),
    ...only(old.masked, current.masked, 'unmasked'),
  ]
}

/** The link is one of those that make a unit start, or keep it from being started. */
export function isUnitLink(path: string): boolean {
  return WANTED.test(path) || UNIT.test(path)
}

function unitsOf({ files }: GuestListing): { enabled: ReadonlySet<string>; masked: ReadonlySet<string> } {
  const enabled = new Set<string>()
  const masked = new Set<string>()
  for (const [path, { kind, target }] of files) {
    if (kind !== 'link') continue
    const wanted = WANTED.exec(path)?.[1]
    if (wanted !== undefined) enabled.add(wanted)
    const unit = UNIT.exec(path)?.[1]
    if (unit !== undefined && target === '/dev/null') masked.add(unit)
  }
  return { enabled, masked }
}

/** systemd.unit(5): directories of links that stand for Wants=, Requires= and Upholds=. */
const WANTED = /^\/etc\/systemd\/system\/[^/]+\.(?:wants|requires|upholds)\/([^/]+)$/
const UNIT = /^\/etc\/systemd\/system\/([^/]+)$/
