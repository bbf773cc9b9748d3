import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runTool } from '../host/run-tool.js'
import { makeScratch } from '../host/scratch.js'
import { quoted } from '../image/quoted.js'
import { CvmError } from '../model/errors.js'
import type { ToolCall } from '../model/host.js'
import { convertCall, firstSectorsCall, lastWords, saysLocked, saysNoSpace } from '../tools/qemu-img.js'

/**
 * The bytes of the disk in a qcow2 file, whose header has been judged.
 *
 * @param bytes size of the disk, a multiple of 512
 * @throws CvmError IMAGE_IN_USE, IMAGE_CORRUPT, NO_SPACE, TOOL_*.
 */
export async function readQcow2(path: string, bytes: number, signal?: AbortSignal): Promise<Buffer> {
  await using scratch = await makeScratch(tmpdir(), 'cvm-firmware', 0o700)
  const raw = join(scratch.path, 'raw')
  await run(firstSectorsCall(path, 'qcow2', bytes / SECTOR_BYTES, raw), path, signal)
  return await readFile(raw)
}

/**
 * A qcow2 file with these bytes on its disk, of the small clusters that distributions use for variables.
 *
 * @throws CvmError NO_SPACE, IO_ERROR, TOOL_*.
 */
export async function qcow2Bytes(bytes: Buffer, signal?: AbortSignal): Promise<Buffer> {
  await using scratch = await makeScratch(tmpdir(), 'cvm-firmware', 0o700)
  const [raw, layered] = [join(scratch.path, 'raw'), join(scratch.path, 'qcow2')]
  await writeFile(raw, bytes)
  await run(convertCall(raw, 'raw', layered, ['-o', 'cluster_size=4096', '-S', '4096']), layered, signal)
  return await readFile(layered)
}

async function run(call: ToolCall, path: string, signal: AbortSignal | undefined): Promise<void> {
  const result = await runTool(call, { timeoutMs: TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) })
  if (result.exitCode === 0) return
  const why = lastWords(result)
  if (saysLocked(result)) throw new CvmError('IMAGE_IN_USE', `${quoted(path)} is in use by a virtual machine`, { why })
  if (saysNoSpace(result)) {
    const next = `Free space in ${tmpdir()}, or set TMPDIR to a directory on another disk.`
    throw new CvmError('NO_SPACE', 'no room for a temporary file', { why, next })
  }
  throw new CvmError('IMAGE_CORRUPT', `qemu-img cannot work with ${quoted(path)}`, { why })
}

const SECTOR_BYTES = 512
const TIMEOUT_MS = 60_000
