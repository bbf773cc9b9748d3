import type { ToolCall } from '../model/host.js'
import type { SeedPart } from '../model/rewrite.js'

/**
 * `cloud-init devel make-mime`: one `-a FILE:TYPE` a part. The names are ours and free of colons, at which it splits.
 *
 * Run in the directory of the parts, because it writes the path as given into the bundle and the guest makes a
 * file name of it. Source: cloudinit/cmd/devel/make_mime.py.
 */
export function makeMimeCall(parts: readonly SeedPart[], partsDir: string): ToolCall {
  return {
    tool: 'cloud-init',
    args: ['devel', 'make-mime', ...parts.flatMap((part) => ['-a', `${part.name}:${part.type}`])],
    cwd: partsDir,
    env: { PYTHONUTF8: '1' },
  }
}
