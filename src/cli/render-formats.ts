import { printable } from '../guest/printable.js'
import { showName } from '../plugins/file-names.js'
import type { PayloadEntry } from '../plugins/payload-merge.js'
import type { Rendering } from '../stages/render.js'
import { colour } from './colours.js'

/** The rendering for people: five headed blocks. */
export function renderText(rendering: Rendering): string {
  const { cloudConfig, parts, payload, variables, hostScripts, plugins } = rendering
  const skipped = plugins.flatMap(({ name, skipped: why }) => (why === undefined ? [] : [`${name} (${why})`]))
  const lacking = [
    ...hostScripts.map(({ name }) => `what the host_run.sh of ${name} adds: render runs no host script`),
    ...rendering.templates.map(
      ({ plugin, file }) => `${plugin}/${file} in the cloud-config: a template, which the guest fills in`,
    ),
    ...(skipped.length === 0 ? [] : [`skipped plugins: ${skipped.join(', ')}`]),
  ]
  return [
    block(
      `cloud-config, merged by cloud-init ${cloudConfig.version} of this host`,
      cloudConfig.text.trimEnd().split('\n'),
    ),
    block('parts, in the order in which the guest meets them', table(parts.map(partRow))),
    block('payload, unpacked onto /', table(payload.map(payloadRow))),
    block(
      'variables',
      Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    ),
    block('not shown', lacking),
    block('notes', [...cloudConfig.warnings.map((text) => `cloud-init: ${text}`), ...rendering.notes]),
  ].join('\n')
}

/** The same as one object. */
export function renderObject(rendering: Rendering): object {
  const { cloudConfig, parts, payload, variables, hostScripts, templates, notes, problems } = rendering
  return {
    cloudConfig,
    parts: parts.map(({ name, type, plugin, file, sizeBytes }) => ({
      name,
      type,
      plugin: plugin ?? null,
      file: file ?? null,
      sizeBytes,
    })),
    payload: payload.map((entry) => ({
      path: shownPath(entry),
      kind: entry.kind,
      mode: octal(entry.mode),
      sizeBytes: entry.sizeBytes,
      plugin: entry.plugin,
      target: entry.target === undefined ? null : showName(entry.target),
      replaces: entry.replaces ?? [],
    })),
    variables,
    hostScripts: hostScripts.map(({ name }) => name),
    templates: templates.map(({ plugin, file }) => ({ plugin: plugin ?? null, file: file ?? null })),
    skipped: rendering.plugins.flatMap(({ name, skipped: why }) => (why === undefined ? [] : [{ plugin: name, why }])),
    notes,
    problems,
  }
}

function block(title: string, lines: readonly string[]): string {
  const shown = lines.length === 0 ? ['none'] : lines
  return `${colour.bold(title)}\n${shown.map((line) => `  ${printable(line, WHOLE)}`.trimEnd()).join('\n')}\n`
}

function partRow({ type, sizeBytes, plugin, file, name }: Rendering['parts'][number]): readonly string[] {
  return [String(sizeBytes), type, plugin ?? 'every run', file ?? name]
}

function payloadRow(entry: PayloadEntry): readonly string[] {
  const target = entry.target === undefined ? '' : ` -> ${showName(entry.target)}`
  const replaces = entry.replaces === undefined ? '' : ` (replaces that of ${entry.replaces.join(', ')})`
  return [String(entry.sizeBytes), octal(entry.mode), entry.plugin, `${shownPath(entry)}${target}${replaces}`]
}

function shownPath({ path, kind }: PayloadEntry): string {
  return `/${showName(path)}${kind === 'directory' ? '/' : ''}`
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}

/** Columns: the first one to the right, as it is a number. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padStart(widths[0] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

/** A line of a configuration to read is never cut. */
const WHOLE = 1_000_000
