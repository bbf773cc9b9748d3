import type { ToolCall } from '../model/host.js'

/** `cloud-init schema`: exit code 0 when it has nothing against the file. */
export function schemaCall(path: string): ToolCall {
  return { tool: 'cloud-init', args: ['schema', '--config-file', path], env: { PYTHONUTF8: '1' } }
}
