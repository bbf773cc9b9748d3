import { fateOfLists, wrongMergeHow } from './merge-how.js'

// Rules about the top level of a plugin's cloud-config; each one is a function of the whole mapping.

type TopLevel = ReadonlyMap<string, unknown>

/** What is wrong, one sentence each. */
export function checkTopLevel(config: TopLevel): readonly string[] {
  return RULES.flatMap((rule) => rule(config))
}

/** What is allowed but should be known, one sentence each. */
export function noteTopLevel(config: TopLevel): readonly string[] {
  return NOTES.flatMap((rule) => rule(config))
}

function mustSayHowItMerges(config: TopLevel): string[] {
  const value = config.get('merge_how') ?? config.get('merge_type')
  if (value === undefined || value === null) return [PASTEABLE_MERGE_HOW]
  if (typeof value === 'string' && value.trim() === '') return [PASTEABLE_MERGE_HOW]
  const wrong = wrongMergeHow(value)
  return wrong === undefined ? [] : [`${wrong}; ${PASTE_HINT}`]
}

function mustNotEndTheRun(config: TopLevel): string[] {
  return config.has('power_state') ? ['has power_state; remove it: the rewriter ends the run itself'] : []
}

/** Our own scripts come as x-shellscript parts: without the module that runs them the guest would never end. */
function mustKeepTheScripts(config: TopLevel): string[] {
  const modules: unknown = config.get('cloud_final_modules')
  if (modules === undefined) return []
  const names = Array.isArray(modules) ? modules.map((each: unknown) => (Array.isArray(each) ? each[0] : each)) : []
  return names.some((name) => name === 'scripts_user' || name === 'scripts-user')
    ? []
    : ['has cloud_final_modules without scripts_user; the run could not end: its scripts would not be run']
}

function mustHaveTheRightKinds(config: TopLevel): string[] {
  const problems: string[] = []
  for (const key of LISTS) {
    const value = config.get(key)
    if (value !== undefined && value !== null && !Array.isArray(value)) problems.push(`"${key}" must be a list`)
  }
  return problems
}

function runcmdItemsMustBeCommands(config: TopLevel): string[] {
  return ['runcmd', 'bootcmd'].flatMap((key) => {
    const items: unknown = config.get(key)
    if (!Array.isArray(items)) return []
    return items.flatMap((item, index) => {
      if (item === null || typeof item === 'string' || Array.isArray(item)) return []
      return [
        `item ${index + 1} of "${key}" is not a command (a text or a list of texts); a ": " in it needs quotes around the whole line`,
      ]
    })
  })
}

function noteLogins(config: TopLevel): string[] {
  const notes = ['password', 'chpasswd']
    .filter((key) => config.has(key))
    .map((key) => `sets a password in the image ("${key}")`)
  if (config.get('ssh_pwauth') === true) notes.push('lets passwords in over SSH (ssh_pwauth)')
  return notes
}

/** Lists are where plugins meet: what one of them adds must not get lost without a word. */
function noteLists(config: TopLevel): string[] {
  const fate = fateOfLists(config.get('merge_how') ?? config.get('merge_type'))
  if (fate === undefined) return []
  return [...config]
    .filter(([key, value]) => Array.isArray(value) && key !== 'merge_how' && key !== 'merge_type')
    .map(([key]) => `with its merge_how "${key}" ${fate}`)
}

function noteModuleLists(config: TopLevel): string[] {
  return MODULE_LISTS.filter((key) => config.has(key)).map(
    (key) => `changes the list of modules that cloud-init runs (${key})`,
  )
}

const PASTE_HINT =
  'write this at its top level: merge_how: [{name: list, settings: [append]}, {name: dict, settings: [no_replace, recurse_list]}]'

/** Without merge_how the lists of a later part replace those of all earlier ones. */
export const PASTEABLE_MERGE_HOW = `has no merge_how, so it would undo what other plugins ask for; ${PASTE_HINT}`

const RULES = [
  mustSayHowItMerges,
  mustNotEndTheRun,
  mustKeepTheScripts,
  mustHaveTheRightKinds,
  runcmdItemsMustBeCommands,
]
const NOTES = [noteLogins, noteLists, noteModuleLists]

// Only keys that are lists in every release of cloud-init; everything else is left to its own schema check.
const LISTS = ['runcmd', 'bootcmd', 'write_files', 'packages', 'ssh_authorized_keys', 'mounts']
const MODULE_LISTS = ['cloud_init_modules', 'cloud_config_modules', 'cloud_final_modules']
