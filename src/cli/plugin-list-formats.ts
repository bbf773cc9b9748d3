import { printable } from '../guest/printable.js'
import type { PluginOption, SettledOption } from '../model/manifest.js'
import type { Plugin } from '../model/plugin.js'
import { colour } from './colours.js'

/** A stage's plugins for people: a line each, and below it one for each option that its plugin.yaml declares. */
export function stageText(
  stage: Plugin['stage'],
  dir: string,
  plugins: readonly Plugin[],
  settled: readonly SettledOption[],
): string {
  const rows = plugins.filter((plugin) => plugin.stage === stage)
  const width = Math.max(0, ...rows.map(({ name }) => name.length))
  const lines = rows.flatMap((plugin) => [
    `  ${plugin.name.padEnd(width)}  ${wordsOf(plugin)}\n`,
    ...optionLines(plugin.manifest?.options ?? [], settled),
    ...launchLines(plugin),
  ])
  return `${colour.bold(stage)} (${printable(dir)})\n${lines.join('') || '  none\n'}`
}

/** A plugin as one object; values of secrets are not in it. */
export function pluginObject(plugin: Plugin, settled: readonly SettledOption[]): object {
  const { name, stage, dir, summary, skipped, digest, manifest } = plugin
  return {
    name,
    stage,
    dir,
    summary,
    skipped: skipped ?? null,
    digest,
    launch: manifest?.launch ?? null,
    options: (manifest?.options ?? []).map((option) => {
      const found = settled.find((each) => each.name === option.name)
      return { ...option, from: found?.from ?? null, value: found?.value ?? null }
    }),
  }
}

function wordsOf({ skipped, summary }: Plugin): string {
  if (skipped === undefined) return printable(summary)
  return colour.dim(`skipped: ${skipped === 'NOT_RUN' ? 'it has a NOT_RUN file' : skipped}`)
}

function optionLines(options: readonly PluginOption[], settled: readonly SettledOption[]): readonly string[] {
  const [names, types] = [options.map(({ name }) => name), options.map(typeText)]
  const [nameWidth, typeWidth] = [widest(names), widest(types)]
  return options.map(({ name }, index) => {
    const value = valueText(settled.find((each) => each.name === name))
    return `      ${name.padEnd(nameWidth)}  ${colour.dim((types[index] ?? '').padEnd(typeWidth))}  ${value}\n`
  })
}

/** `launch  vm.vcpus 4`: what its plugin.yaml wants of the launch, as it stands there. */
function launchLines({ manifest }: Plugin): readonly string[] {
  return leavesOf(manifest?.launch ?? {}, '').map(
    ([path, value]) => `      ${colour.dim('launch')}  ${path} ${printable(value, LONGEST_VALUE)}\n`,
  )
}

function leavesOf(value: unknown, path: string): readonly (readonly [string, string])[] {
  if (value === undefined) return []
  if (typeof value !== 'object' || value === null) return [[path, String(value)]]
  if (Array.isArray(value))
    return [[path, value.map((item) => (typeof item === 'object' ? JSON.stringify(item) : String(item))).join(', ')]]
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, path === '' ? key : `${path}.${key}`))
}

function typeText({ type, of, values = [] }: PluginOption): string {
  const kind = type === 'list' ? `list of ${of ?? 'string'}` : type
  return printable(values.length === 0 ? kind : `${kind}: ${values.join(', ')}`, LONGEST_TYPE)
}

/** `red (environment)`; one that has a wrong value is among the problems. */
function valueText(settled: SettledOption | undefined): string {
  if (settled === undefined) return colour.dim('no value')
  const { value, from } = settled
  if (value === undefined) return colour.dim(from)
  return `${printable(value.replaceAll('\n', ', '), LONGEST_VALUE)} ${colour.dim(`(${from})`)}`
}

function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map((text) => text.length))
}

const LONGEST_TYPE = 40
const LONGEST_VALUE = 80
