import { isSecret } from '../model/hidden-values.js'
import type { ToolCall } from '../model/host.js'

/** The call as one line that can be pasted into a shell; variables whose name speaks of a secret are not shown. */
export function showCall(call: ToolCall): string {
  const assignments = Object.entries(call.env ?? {}).map(
    ([name, value]) => `${name}=${isSecret(name, []) ? '…' : shellWord(value)}`,
  )
  const line = [...assignments, shellWord(call.tool), ...call.args.map(shellWord)].join(' ')
  return call.cwd === undefined ? line : `(cd ${shellWord(call.cwd)} && ${line})`
}

function shellWord(word: string): string {
  if (PLAIN_WORD.test(word)) return word
  if (!CONTROL_BYTES.test(word)) return `'${word.replaceAll("'", "'\\''")}'`
  const escaped = word
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "\\'")
    .replace(new RegExp(CONTROL_BYTES, 'g'), (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)
  return `$'${escaped}'`
}

const PLAIN_WORD = /^[A-Za-z0-9_./:=@%+,-]+$/
const CONTROL_BYTES = /[\u0000-\u001f\u007f]/
