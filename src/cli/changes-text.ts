import type { ChangeKind, FileChange, FileState, GuestChanges } from '../model/guest-changes.js'
import { colour } from './colours.js'

/**
 * The changes for a person, in groups, with a line break at the end; a sentence when there are none.
 *
 * `most`: lines of each group that are shown.
 */
export function changesText(changes: GuestChanges, most: number): string {
  const own = changes.files.filter(({ partOf }) => partOf === undefined)
  const groups: [string, readonly string[]][] = [
    ['files', own.map(fileText)],
    ['packages', changes.packages.map((each) => lineOf(each.change, each.name, valueText(each)))],
    ['users', changes.users.map((each) => lineOf(each.change, each.name, valueText(each)))],
    ['groups', changes.groups.map((each) => lineOf(each.change, each.name, valueText(each)))],
    ['units', changes.units.map(({ change, unit }) => `  ${UNIT_SIGNS[change]} ${unit} ${change}`)],
    [
      'kernel arguments',
      changes.kernelArguments.map(({ change, word, entries, ofEntries }) =>
        lineOf(change, word, entries === ofEntries ? '' : `in ${entries} of ${ofEntries} kernel entries`),
      ),
    ],
    ...changes.initrds.map(({ initrd, added, removed }): [string, readonly string[]] => [
      `in ${initrd}`,
      [...added.map((path) => lineOf('added', path, '')), ...removed.map((path) => lineOf('removed', path, ''))],
    ]),
  ]
  const shown = groups.filter(([, lines]) => lines.length > 0).map(([name, lines]) => groupText(name, lines, most))
  const traces = changes.files.filter(({ partOf }) => partOf !== undefined)
  if (shown.length === 0 && traces.length === 0) return 'nothing in the guest is different from a run without plugins\n'
  return [...shown, ...(traces.length === 0 ? [] : [tracesText(traces, most)])].join('')
}

function groupText(name: string, lines: readonly string[], most: number): string {
  const left = lines.length - most
  const rest = left > 0 ? [colour.dim(`  … and ${left} more (-v shows them all)`)] : []
  return `${colour.bold(name)}\n${[...lines.slice(0, most), ...rest].map((line) => `${line}\n`).join('')}`
}

/** What follows from other changes is named, not described: a new user is a line in /etc/passwd. */
function tracesText(traces: readonly FileChange[], most: number): string {
  const topics = [...new Set(traces.map(({ partOf }) => partOf))]
  const lines = topics.map((topic) => {
    const paths = traces.filter(({ partOf }) => partOf === topic).map(({ path }) => path)
    const named = paths.slice(0, most).join(' ')
    return `  ${topic}: ${named}${paths.length > most ? ` … and ${paths.length - most} more` : ''}\n`
  })
  return `${colour.bold('where these stand')}\n${lines.join('')}`
}

function fileText(file: FileChange): string {
  const { change, path, before, now } = file
  const state = now ?? before
  const name = state?.kind === 'directory' ? `${path}/` : path
  if (change === 'changed' && before !== undefined && now !== undefined) {
    const lines = [lineOf(change, name, differenceText(file, before, now)), ...(file.diff ?? []).map(diffLine)]
    return lines.join('\n')
  }
  return lineOf(change, name, state === undefined || change === 'removed' ? '' : stateText(state))
}

function stateText({ kind, mode, owner, sizeBytes, target }: FileState): string {
  if (kind === 'link') return `→ ${target ?? '?'}${owner === 'root:root' ? '' : `, ${owner}`}`
  const size = kind === 'file' ? `, ${bytes(sizeBytes)}` : ''
  return `${mode} ${owner}${size}`
}

function differenceText({ different }: FileChange, before: FileState, now: FileState): string {
  const words = different.map((what) => {
    if (what === 'content') {
      return before.sizeBytes === now.sizeBytes
        ? `content, ${bytes(now.sizeBytes)} as before`
        : `content, ${before.sizeBytes} → ${bytes(now.sizeBytes)}`
    }
    if (what === 'kind') return `${before.kind} → ${now.kind}, ${stateText(now)}`
    if (what === 'target') return `${before.target ?? '?'} → ${now.target ?? '?'}`
    return `${before[what]} → ${now[what]}`
  })
  return words.join('; ')
}

function valueText({ change, before, now }: { change: ChangeKind; before?: string; now?: string }): string {
  if (change === 'changed') return `${before ?? ''} → ${now ?? ''}`
  return now ?? before ?? ''
}

function lineOf(change: ChangeKind, name: string, text: string): string {
  return `  ${SIGNS[change]} ${name}${text === '' ? '' : `  ${colour.dim(text)}`}`
}

function diffLine(line: string): string {
  const shown = line.startsWith('+') ? colour.green(line) : line.startsWith('-') ? colour.red(line) : colour.dim(line)
  return `      ${shown}`
}

function bytes(size: number): string {
  return `${size} byte${size === 1 ? '' : 's'}`
}

const SIGNS: Readonly<Record<ChangeKind, string>> = {
  added: colour.green('+'),
  changed: colour.yellow('~'),
  removed: colour.red('-'),
}
const UNIT_SIGNS = { enabled: SIGNS.added, unmasked: SIGNS.added, disabled: SIGNS.removed, masked: SIGNS.removed }
