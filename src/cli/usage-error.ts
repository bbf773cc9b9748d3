import { type Command, CommanderError } from 'commander'
import { CvmError } from '../model/errors.js'

/** Makes a command throw instead of ending the process, print nothing of its own on errors, and suggest near names. */
export function strict(command: Command): Command {
  return command
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
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
