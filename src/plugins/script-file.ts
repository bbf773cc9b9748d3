import { access, constants } from 'node:fs/promises'
import { findTool } from '../host/find-tool.js'

/** What the first line of a script says. */
export type Shebang = { readonly interpreter: readonly string[] } | { readonly wrong: string }

/**
 * The program of the `#!` line and its argument.
 *
 * As the kernel reads it (fs/binfmt_script.c): an absolute path, then everything up to the end of the line as one argument.
 */
export function readShebang(script: Uint8Array): Shebang {
  const bytes = Buffer.from(script.buffer, script.byteOffset, script.byteLength)
  if (bytes.subarray(0, 3).equals(BOM)) return { wrong: 'starts with a byte order mark; save it as UTF-8 without BOM' }
  if (bytes.subarray(0, 2).toString('latin1') !== '#!')
    return { wrong: 'has no "#!" line; add "#!/bin/sh" as first line' }
  const end = bytes.indexOf(0x0a)
  const line = bytes.subarray(0, end === -1 ? bytes.length : end)
  if (line.at(-1) === 0x0d)
    return { wrong: 'line 1 ends with CR (Windows line ends); convert it, for example with dos2unix' }
  if (line.length >= LINE_LIMIT_BYTES)
    return { wrong: `line 1 is longer than the ${LINE_LIMIT_BYTES} bytes that the kernel reads` }
  if (line.includes(0)) return { wrong: 'line 1 has a NUL byte' }
  const text = line
    .subarray(2)
    .toString('utf8')
    .replace(/^[ \t]+|[ \t]+$/g, '')
  const [, program = '', argument = ''] = /^([^ \t]*)[ \t]*(.*)$/.exec(text) ?? []
  if (program === '') return { wrong: 'names no program after "#!"; write "#!/bin/sh"' }
  if (!program.startsWith('/'))
    return { wrong: `names "${program}" after "#!", which is not an absolute path; write "#!/bin/sh"` }
  return { interpreter: argument === '' ? [program] : [program, argument] }
}

/** Why a script cannot be started on this machine; undefined when its interpreter is there. */
export async function missingInterpreter(interpreter: readonly string[]): Promise<string | undefined> {
  const [program = '', argument = ''] = interpreter
  try {
    await access(program, constants.X_OK)
  } catch {
    return `its interpreter ${program} is not on this machine`
  }
  if (!program.endsWith('/env') || !/^[\w.+-]+$/.test(argument) || argument.startsWith('-')) return undefined
  return (await findTool(argument)) === undefined ? `its interpreter ${argument} is not on this machine` : undefined
}

const BOM = Buffer.from([0xef, 0xbb, 0xbf])
/** BINPRM_BUF_SIZE of the kernel. */
const LINE_LIMIT_BYTES = 256
