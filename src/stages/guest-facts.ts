import type { EventOf, GuestEvent, GuestEventName } from '../model/guest-report.js'
import type { GuestFacts } from '../model/report.js'
import type { GuestRun, PartNames } from './guest-verdict.js'

/** The report's view of a guest boot. */
export function guestFacts(run: GuestRun, parts: PartNames): GuestFacts {
  const cloudInit = last(run.events, 'cloud-init')
  const inventory = last(run.events, 'inventory')
  const sealed = last(run.events, 'sealed')
  return {
    seconds: round(run.seconds),
    ...(cloudInit === undefined ? {} : { cloudInit: without(cloudInit) }),
    failedUnits: last(run.events, 'units')?.failed ?? [],
    ...(inventory === undefined ? {} : { inventory: without(inventory) }),
    ...(sealed === undefined ? {} : { sealed: { left: sealed.left, cloudInit: sealed.cloudInit } }),
    parts: run.events.filter((event) => event.event === 'part-end').map((end) => partFacts(end, run.events, parts)),
    malformedReportLines: run.malformedReportLines,
  }
}

/** What scripts of the plugin said through cvm-note. */
export function notesOf(plugin: string, events: readonly GuestEvent[], parts: PartNames): readonly string[] {
  return events
    .filter((event) => event.event === 'note')
    .filter((note) => parts.get(note.part)?.plugin === plugin)
    .map((note) => note.text)
}

export function last<Name extends GuestEventName>(
  events: readonly GuestEvent[],
  name: Name,
): EventOf<Name> | undefined {
  return events.findLast((event): event is EventOf<Name> => event.event === name)
}

function partFacts(
  end: EventOf<'part-end'>,
  events: readonly GuestEvent[],
  parts: PartNames,
): GuestFacts['parts'][number] {
  const start = events.findLast((event) => event.event === 'part-start' && event.part === end.part)
  const part = parts.get(end.part)
  return {
    part: end.part,
    ...(part?.plugin === undefined ? {} : { plugin: part.plugin }),
    ...(part?.file === undefined ? {} : { file: part.file }),
    rc: end.rc,
    seconds: start === undefined ? 0 : round(end.s - start.s),
    tail: end.tail,
  }
}

function without<Event extends { readonly event: string; readonly s: number }>(
  event: Event,
): Omit<Event, 'event' | 's'> {
  const { event: _name, s: _uptime, ...rest } = event
  return rest
}

function round(seconds: number): number {
  return Math.round(seconds * 10) / 10
}
