import { accessSync, constants, statSync } from 'node:fs'
import { join } from 'node:path'
import { CvmError } from '../model/errors.js'
import type { ToolCall } from '../model/host.js'
import { searchPath } from './environment.js'

/** The absolute path of a program on PATH, /usr/sbin and /sbin included; undefined when it is not installed. */
export async function findTool(name: string): Promise<string | undefined> {
  return searchPath(process.env)
    .map((dir) => join(dir, name))
    .find(isProgram)
}

/**
 * The program that a call names, found on its own PATH when it brings one.
 *
 * @throws {CvmError} TOOL_MISSING.
 */
export async function programOf(call: ToolCall): Promise<string> {
  if (call.tool.includes('/')) {
    if (isProgram(call.tool)) return call.tool
  } else {
    const path = call.env?.['PATH']
    const found =
      path === undefined
        ? await findTool(call.tool)
        : searchPath({ PATH: path })
            .map((dir) => join(dir, call.tool))
            .find(isProgram)
    if (found !== undefined) return found
  }
  throw new CvmError('TOOL_MISSING', `${call.tool} is not installed`, {
    why: 'It is needed for this run and is not on PATH.',
    next: 'Install it; cvm-rewrite doctor names the package.',
  })
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
