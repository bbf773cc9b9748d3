import { runTool } from '../host/run-tool.js'
import { type QemuAbilities, readAbilities } from '../launch/qemu-flavour.js'
import type { ToolCall } from '../model/host.js'
import { qemuObjectsCall, qemuTdxObjectionCall, qemuVersionCall } from '../tools/qemu-system.js'

/**
 * Asks the installed QEMU what it can make; takes some 0.1 s.
 *
 * @throws {CvmError} TOOL_MISSING; TOOL_TIMED_OUT when it hangs.
 */
export async function askQemu(): Promise<QemuAbilities> {
  const [version, objects, tdxObjection] = await Promise.all(
    [qemuVersionCall(), qemuObjectsCall(), qemuTdxObjectionCall()].map(answerTo),
  )
  return readAbilities({ version: version ?? '', objects: objects ?? '', tdxObjection: tdxObjection ?? '' })
}

async function answerTo(call: ToolCall): Promise<string> {
  const { stdout, stderr } = await runTool(call, { timeoutMs: ANSWER_LIMIT_MS })
  return `${stdout}\n${stderr}`
}

const ANSWER_LIMIT_MS = 20_000
