import { findTool } from '../host/find-tool.js'
import { CvmError } from '../model/errors.js'
import { aptLine } from './tools-needed.js'

/** A program that only some commands need. @throws {CvmError} TOOL_MISSING with the line that installs it. */
export async function requireProgram(tool: string, debianPackage: string): Promise<void> {
  if ((await findTool(tool)) !== undefined) return
  throw new CvmError('TOOL_MISSING', `${tool} is not installed`, { next: aptLine([debianPackage]) })
}
