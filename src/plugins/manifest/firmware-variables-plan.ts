import { basename, dirname, resolve } from 'node:path'
import type { FirmwareValueForms, FirmwareValueText } from '../../model/manifest.js'
import type { Problem } from '../../model/plugin.js'
import type { FirmwareVariablesPlan, FirmwareVariableWish } from '../../model/wishes.js'
import { manifestOf } from './manifest-place.js'
import { fillIn, variablesIn } from './placeholders.js'
import type { Planning, Wisher } from './plan-wishes.js'
import { readFormFile } from './read-form-bytes.js'
import { placedMistakes, readYamlForm } from './yaml-form.js'

/** Merges the firmware variables that plugins want, in their order. Reads the files that hold such variables. */
export async function planFirmwareVariables(
  plugins: readonly Wisher[],
  values: Readonly<Record<string, string>>,
): Promise<Planning<FirmwareVariablesPlan>> {
  const readings = await Promise.all(plugins.map((plugin) => wishesOf(plugin, values)))
  const problems = readings.flatMap((reading) => reading.problems)
  const runNotes = readings.flatMap((reading) => reading.runNotes)
  const merged = new Map<string, FirmwareVariableWish>()
  for (const { plugin, wish } of readings.flatMap(({ wishes }) => wishes)) {
    const before = merged.get(wish.name)
    if (before !== undefined && !same(before, wish)) {
      const what = `firmware-variables.${wish.name}: ${said(before)}, ${said(wish)}`
      problems.push({ code: 'PLUGIN_INVALID', where: manifestOf(plugin), what })
    }
    merged.set(wish.name, { ...wish, plugins: [...(before?.plugins ?? []), plugin.name] })
  }
  if (merged.size === 0) return { problems, notes: [], runNotes }
  return { plan: { variables: [...merged.values()] }, problems, notes: [], runNotes }
}

interface Reading {
  readonly wishes: readonly { readonly plugin: Wisher; readonly wish: FirmwareVariableWish }[]
  readonly problems: readonly Problem[]
  readonly runNotes: readonly string[]
}

async function wishesOf(plugin: Wisher, values: Readonly<Record<string, string>>): Promise<Reading> {
  const { firmwareVariables } = plugin.manifest
  if (firmwareVariables === undefined) return { wishes: [], problems: [], runNotes: [] }
  if (typeof firmwareVariables !== 'string') {
    return read(plugin, firmwareVariables, manifestOf(plugin), plugin.dir, (word) => fillIn(word, values))
  }
  const filled = fillIn(firmwareVariables, values)
  if (filled === undefined) {
    const names = (variablesIn(firmwareVariables) ?? []).join(', ')
    return {
      wishes: [],
      problems: [],
      runNotes: [`${plugin.name}: ${names} not given: nothing to do for firmware variables`],
    }
  }
  const file = resolve(plugin.dir, filled)
  const { mapping, problems } = await readMapping(file)
  if (mapping === undefined) return { wishes: [], problems, runNotes: [] }
  return read(plugin, mapping, file, dirname(file), (word) => word)
}

/** The variables of a file; `$` has no meaning in it. */
async function readMapping(file: string): Promise<{
  readonly mapping?: Readonly<Record<string, FirmwareValueText>>
  readonly problems: readonly Problem[]
}> {
  const problem = (where: string, what: string): Problem => ({ code: 'PLUGIN_INVALID', where, what })
  try {
    const bytes = await readFormFile(file)
    const schema = async () => (await import('./firmware-schema.js')).variablesMapping
    const { result, mistakes } = await placedMistakes(file, (complain) => readYamlForm(bytes, schema, complain))
    const problems = mistakes.map(({ where, what }) => problem(where, what))
    return result === undefined ? { problems } : { mapping: result.value, problems }
  } catch (error) {
    const why = error instanceof Error ? ('code' in error ? String(error.code) : error.message) : String(error)
    return { problems: [problem(file, `${basename(file)} cannot be read: ${why}`)] }
  }
}

function read(
  plugin: Wisher,
  mapping: Readonly<Record<string, FirmwareValueText>>,
  where: string,
  dir: string,
  fill: (word: string) => string | undefined,
): Reading {
  const problems: Problem[] = []
  const wishes: { plugin: Wisher; wish: FirmwareVariableWish }[] = []
  const runNotes: string[] = []
  for (const [name, value] of Object.entries(mapping)) {
    const forms: FirmwareValueForms = typeof value === 'object' ? value : { value }
    const given = FORMS.filter((form) => forms[form] !== undefined)
    const [form] = given
    if (form === undefined || given.length > 1) {
      const what = `firmware-variables.${name}: give exactly one of ${FORMS.join(', ')}`
      problems.push({ code: 'PLUGIN_INVALID', where, what })
      continue
    }
    const text = form === 'delete' ? '' : fill(String(forms[form]))
    if (text === undefined) {
      runNotes.push(`${plugin.name}: ${variablesIn(String(forms[form]))?.join(', ')} not given: ${name} stays`)
      continue
    }
    const wish: FirmwareVariableWish = {
      name,
      form: form === 'value' ? 'plain' : form,
      text: form === 'file' ? resolve(dir, text) : text,
      ...(forms.attributes === undefined ? {} : { attributes: String(forms.attributes) }),
      ...(forms.date === undefined ? {} : { date: forms.date }),
      plugins: [plugin.name],
    }
    wishes.push({ plugin, wish })
  }
  return { wishes, problems, runNotes }
}

function same(one: FirmwareVariableWish, other: FirmwareVariableWish): boolean {
  const key = ({ plugins: _, ...rest }: FirmwareVariableWish) => JSON.stringify(rest)
  return key(one) === key(other)
}

function said({ plugins, form, text }: FirmwareVariableWish): string {
  const verb = plugins.length === 1 ? 'wants' : 'want'
  return `${plugins.join(' and ')} ${verb} ${form === 'delete' ? 'it gone' : `${form === 'plain' ? '' : `${form} `}${text.slice(0, 60)}`}`
}

const FORMS = ['value', 'hex', 'text', 'utf16', 'u8', 'u16', 'u32', 'u64', 'file', 'delete'] as const
