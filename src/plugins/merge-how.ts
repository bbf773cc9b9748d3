/** One merger of a merge_how, as cloud-init has it after reading: its kind and its settings. */
interface Merger {
  readonly name: string
  readonly settings: readonly string[]
}

/**
 * What keeps cloud-init from merging by this merge_how at all; undefined when nothing does.
 *
 * cloud-init only warns then and goes on without the whole part (cloudinit/mergers, handlers/cloud_config.py).
 */
export function wrongMergeHow(value: unknown): string | undefined {
  const mergers = readMergers(value)
  if (mergers === undefined) return 'has a merge_how that cloud-init cannot read'
  const unknown = mergers.find(({ name }) => !KINDS.includes(name))
  if (unknown !== undefined) return `has a merge_how with "${unknown.name}"; cloud-init knows ${KINDS.join(', ')}`
  if (mergers.every(({ name }) => name !== 'dict'))
    return 'has a merge_how without "dict", with which cloud-init drops the whole part'
  return undefined
}

/** What becomes of the lists of a part when an earlier part has lists of the same names; undefined when they are joined. */
export function fateOfLists(value: unknown): string | undefined {
  const mergers = readMergers(value) ?? []
  // The first of a kind is asked, others are not.
  const dict = mergers.find(({ name }) => name === 'dict')?.settings ?? []
  const list = mergers.find(({ name }) => name === 'list')?.settings ?? []
  if (method(dict, ['replace', 'no_replace']) === 'replace') return 'replaces lists of the same name in earlier parts'
  const lookedInto = dict.includes('recurse_list') || dict.includes('recurse_array')
  if (!lookedInto || mergers.every(({ name }) => name !== 'list'))
    return 'is dropped where an earlier part has a list of the same name'
  const joined = ['append', 'prepend'].includes(method(list, ['append', 'prepend', 'no_replace', 'replace']))
  return joined ? undefined : 'is not joined with lists of the same name in earlier parts, but laid over them'
}

function method(settings: readonly string[], choices: readonly string[]): string {
  return choices.find((choice) => settings.includes(choice)) ?? ''
}

/** Texts (`list(append)+dict()`), lists of `{name, settings}`, and lists of lists that start with the name. */
function readMergers(value: unknown): readonly Merger[] | undefined {
  const found =
    typeof value === 'string'
      ? value
          .split('+')
          .filter((one) => one.trim() !== '')
          .map(mergerOfText)
      : Array.isArray(value)
        ? value.map(mergerOfItem)
        : []
  return found.length > 0 && found.every((one) => one !== undefined) ? found : undefined
}

function mergerOfText(text: string): Merger | undefined {
  const match = /^([a-z_][a-z0-9_]*)\((.*)\)$/.exec(text.toLowerCase().trim().replaceAll('-', '_'))
  if (match === null) return undefined
  const settings = (match[2] ?? '').split(',').map((setting) => setting.trim())
  return { name: plain(match[1] ?? ''), settings }
}

function mergerOfItem(item: unknown): Merger | undefined {
  if (Array.isArray(item)) return typeof item[0] === 'string' ? merger(item[0], item.slice(1)) : undefined
  if (typeof item !== 'object' || item === null) return undefined
  const isWhole = 'name' in item && typeof item.name === 'string' && 'settings' in item && Array.isArray(item.settings)
  return isWhole ? merger((item.name as string).trim(), item.settings as readonly unknown[]) : undefined
}

function merger(name: string, settings: readonly unknown[]): Merger {
  return { name: plain(name), settings: settings.map(String) }
}

function plain(name: string): string {
  return name.replace(/^m_/, '')
}

const KINDS = ['list', 'dict', 'str']
