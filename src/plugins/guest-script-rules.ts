import { type ShellCommand, shellCommands } from './shell-commands.js'

/** What a guest script does that the run does itself, or that would end the run. */
export interface ScriptWarning {
  readonly code: 'REBUILDS_BOOT_FILES' | 'EDITS_GRUB_DEFAULTS' | 'ENDS_THE_GUEST'
  readonly line: number
  readonly column: number
  readonly text: string
  readonly hint: string
}

/**
 * Warnings about a shell script of the guest.
 *
 * @param when `before` or `after` the run rebuilds initrds and boot loader configuration, each once
 */
export function warnOfGuestScript(script: string, when: 'before' | 'after'): readonly ScriptWarning[] {
  const rules = when === 'before' ? [rebuildsBootFiles, editsGrubDefaults, endsTheGuest] : [endsTheGuest]
  return shellCommands(script).flatMap((command) =>
    rules.flatMap((rule) => {
      const warning = rule(command)
      return warning === undefined ? [] : [{ ...warning, line: command.line, column: command.column }]
    }),
  )
}

type Told = Pick<ScriptWarning, 'code' | 'text' | 'hint'> | undefined

function rebuildsBootFiles({ words }: ShellCommand): Told {
  const name = programOf(words)
  if (!REBUILDERS.includes(name)) return undefined
  return {
    code: 'REBUILDS_BOOT_FILES',
    text: `calls ${name}, which then runs twice`,
    hint: 'Remove the call: after all scripts the run rebuilds initrds and boot loader configuration itself, once, where something changed.',
  }
}

function editsGrubDefaults({ words }: ShellCommand): Told {
  const inPlace = words.some((word) => /^-[a-zA-Z]*i|^--in-place/.test(word))
  const file = words.find((word) => /^\/etc\/default\/grub(?:\.d\/50-cloudimg-settings\.cfg)?$/.test(word))
  if (programOf(words) !== 'sed' || !inPlace || file === undefined) return undefined
  return {
    code: 'EDITS_GRUB_DEFAULTS',
    text: `edits ${file} with sed, which does nothing where the line looks different, and something else the second time`,
    hint: 'Ship files/etc/default/grub.d/NN-name.cfg instead, such as: GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX my.option=1"',
  }
}

function endsTheGuest({ words }: ShellCommand): Told {
  const name = programOf(words)
  const verb = words.slice(1).find((word) => !word.startsWith('-')) ?? ''
  const ends =
    (ENDERS.includes(name) && !words.includes('-c')) ||
    (name === 'systemctl' && [...ENDERS, 'kexec', 'soft-reboot'].includes(verb)) ||
    (['init', 'telinit'].includes(name) && ['0', '6'].includes(verb))
  if (!ends) return undefined
  return {
    code: 'ENDS_THE_GUEST',
    text: `calls ${name === 'systemctl' || name.endsWith('init') ? `${name} ${verb}` : name}, which would end the run before it is done`,
    hint: 'Remove the call: the run powers the guest off itself. What needs another boot belongs into a unit that starts then.',
  }
}

function programOf(words: readonly string[]): string {
  return words[0]?.split('/').at(-1) ?? ''
}

const REBUILDERS = ['update-initramfs', 'update-grub', 'update-grub2', 'grub-mkconfig', 'dracut']
const ENDERS = ['poweroff', 'reboot', 'halt', 'shutdown']
