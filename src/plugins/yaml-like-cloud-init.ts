// cloud-init reads YAML with PyYAML, so YAML 1.1: `yes` is true, 0644 is 420, 1:30 is 90. What we read here is only
// looked at; the bytes of the plugin are what the guest gets.
import {
  CORE_SCHEMA,
  defineScalarTag,
  load,
  mergeTag,
  NOT_RESOLVED,
  type Schema,
  YAML11_SCHEMA,
  YAMLException,
} from 'js-yaml'

export type YamlReading =
  | { readonly value: unknown }
  | { readonly wrong: string; readonly line?: number; readonly column?: number }
  | { readonly empty: true }

/** The value that cloud-init will see; never throws. Lines and columns count from 1. */
export function readYaml(text: string): YamlReading {
  return loadWith(text, PYYAML_SCHEMA)
}

/**
 * Numbers that YAML 1.1 takes for something else than what is written, such as `0644` (420) and `1:30` (90).
 *
 * They are found by reading the text in both dialects and comparing.
 */
export function findSurprisingNumbers(text: string): readonly string[] {
  const old = loadWith(text, PYYAML_SCHEMA)
  const core = loadWith(text, CORE_SCHEMA.withTags(mergeTag))
  if (!('value' in old) || !('value' in core)) return []
  const found: string[] = []
  compareReadings(old.value, core.value, '', { found, seen: new Set() })
  return found
}

function compareReadings(
  old: unknown,
  core: unknown,
  path: string,
  state: { found: string[]; seen: Set<unknown> },
): void {
  if (typeof old === 'number' && typeof core !== 'object' && !Object.is(old, core)) {
    state.found.push(`${path} is ${old} to cloud-init (YAML 1.1), not ${String(core)}`)
  }
  // An alias brings the same object again; looking once also ends circles.
  if (typeof old !== 'object' || old === null || typeof core !== 'object' || core === null || state.seen.has(old))
    return
  state.seen.add(old)
  const others = new Map<string, unknown>(Object.entries(core))
  for (const [key, value] of Object.entries(old)) {
    const step = Array.isArray(old) ? `[${key}]` : path === '' ? key : `.${key}`
    compareReadings(value, others.get(key), path + step, state)
  }
}

function loadWith(text: string, schema: Schema): YamlReading {
  const unprintable = PYYAML_REFUSES.exec(text)
  if (unprintable !== null) {
    const before = text.slice(0, unprintable.index)
    const code = (unprintable[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
    const line = before.split('\n').length
    return {
      wrong: `the character U+${code} is not allowed in YAML`,
      line,
      column: before.length - before.lastIndexOf('\n'),
    }
  }
  try {
    return { value: load(text, { schema }) }
  } catch (error) {
    // js-yaml promises no single class of errors: a stack overflow of its own is one more way to say "not readable".
    if (!(error instanceof YAMLException))
      return { wrong: `not readable: ${error instanceof Error ? error.message : String(error)}` }
    if (error.reason.includes('input is empty')) return { empty: true }
    if (error.mark === undefined) return { wrong: error.reason }
    return { wrong: error.reason, line: error.mark.line + 1, column: error.mark.column + 1 }
  }
}

// YAML 1.1 as written down makes `y` and `n` booleans too, even as keys; PyYAML does not.
const boolOfPyYaml = defineScalarTag<boolean>('tag:yaml.org,2002:bool', {
  implicit: true,
  resolve(source) {
    if (/^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/.test(source)) return true
    if (/^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/.test(source)) return false
    return NOT_RESOLVED
  },
  identify: (data) => typeof data === 'boolean',
})

const PYYAML_SCHEMA = YAML11_SCHEMA.withTags(boolOfPyYaml)

/** yaml.reader.Reader.NON_PRINTABLE of PyYAML. */
const PYYAML_REFUSES = /[^\t\n\r\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u
