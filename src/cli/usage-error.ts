import { type Command, CommanderError } from 'commander'
import { CvmError } from '../model/errors.js'
import { nearestWord } from '../plugins/nearest-word.js'

/**
 * Makes a command throw instead of ending the process, print nothing of its own on errors, and suggest near names.
 *
 * A command that only has subcommands still prints its help when none is given.
 */
export function strict(command: Command): Command {
  return command
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .showSuggestionAfterError()
    .allowExcessArguments(false)
}

/** What commander threw as ours: a usage error with commander's suggestion; undefined when it only printed help or the version. */
export function fromCommander(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error
  if (error.exitCode === 0 || error.code === 'commander.help') return undefined
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n')
  return new CvmError('USAGE', message, suggestion === undefined ? {} : { why: suggestion.replace(/^\(|\)$/g, '') })
}

/**
 * A program that takes only options got a word: a command with a slip in it, or an image without -i.
 *
 * @throws {CvmError} USAGE when there is such a word. The command has to allow excess arguments.
 */
export function refuseWords(program: Command): void {
  const [word] = program.args
  if (word === undefined) return
  const near = nearestWord(
    word,
    program.commands.map((command) => command.name()),
  )
  throw new CvmError(
    'USAGE',
    `${JSON.stringify(word)} is not a command or an option`,
    near === undefined
      ? { next: `An image is given with -i: ${program.name()} -i ${word}` }
      : { why: `did you mean: ${program.name()} ${near}` },
  )
}
