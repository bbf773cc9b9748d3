import type { Problem } from '../model/plugin.js'
import { readShebang } from './script-file.js'
import { readUserDataText } from './user-data-text.js'

/** Checks a script that the guest will run as a part of user-data: text, not too large, with a `#!` line. */
export function checkShellPart(bytes: Uint8Array, where: string): readonly Problem[] {
  const decoded = readUserDataText(bytes)
  if ('wrong' in decoded) return [{ code: 'USER_DATA_INVALID', where, what: decoded.wrong }]
  const shebang = readShebang(bytes)
  return 'wrong' in shebang ? [{ code: 'USER_DATA_INVALID', where, what: shebang.wrong }] : []
}
