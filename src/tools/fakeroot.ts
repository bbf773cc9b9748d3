import type { ToolCall } from '../model/host.js'

/**
 * Lets a call believe that it runs as root; who owns what is kept in a state file from one call to the next.
 *
 * `first` starts a new state, `later` continues it.
 */
export function underFakeroot(call: ToolCall, stateFile: string, turn: 'first' | 'later'): ToolCall {
  return {
    ...call,
    tool: 'fakeroot',
    args: [...(turn === 'later' ? ['-i', stateFile] : []), '-s', stateFile, '--', call.tool, ...call.args],
  }
}
