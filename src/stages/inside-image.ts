import { readdir } from 'node:fs/promises'
import type { Janitor } from '../host/janitor.js'
import { identifyProcess } from '../host/processes.js'
import { runTool } from '../host/run-tool.js'
import { CvmError } from '../model/errors.js'
import {
  GUESTFISH_PACKAGES,
  type GuestfishFailure,
  type GuestfishInput,
  guestfishCall,
  readGuestfishFailure,
} from '../tools/guestfish.js'
import { aptLine } from './tools-needed.js'

export interface InsideImageOptions {
  readonly janitor?: Janitor
  readonly signal?: AbortSignal
  /** How much of its output is wanted; default 1 MiB, the last bytes. */
  readonly captureBytes?: number
}

/**
 * Runs guestfish commands over a disk; returns what they printed.
 *
 * Starting it takes a second with KVM and half a minute in emulation, so all there is to do should go into one call.
 *
 * @throws {CvmError} TOOL_MISSING (guestfish, or a kernel for it), TOOL_TIMED_OUT, TOOL_FAILED with the first thing it said.
 */
export async function runGuestfish(input: GuestfishInput, options: InsideImageOptions = {}): Promise<string> {
  const { janitor, signal, captureBytes } = options
  const result = await runTool(guestfishCall(input), {
    timeoutMs: LIMIT_MS,
    ...(signal === undefined ? {} : { signal }),
    ...(captureBytes === undefined ? {} : { captureBytes }),
    onStart: (pid) => {
      // Its QEMU ends with it: libguestfs has a watcher of its own for that.
      const process = identifyProcess(pid)
      if (process !== undefined) janitor?.watchPid(process.pid, process.startTime)
    },
  }).catch((error: unknown) => {
    if (error instanceof CvmError && error.code === 'TOOL_MISSING') throw guestfishMissing()
    throw error
  })
  if (result.exitCode === 0) return result.stdout
  throw await guestfishFailed(readGuestfishFailure(result.stderr))
}

/** What a machine without guestfish is told. */
export function guestfishMissing(): CvmError {
  return new CvmError('TOOL_MISSING', 'guestfish is not installed', {
    why: 'it reads and writes inside of images without mounting them',
    next: aptLine(GUESTFISH_PACKAGES),
  })
}

async function guestfishFailed({ kind, why }: GuestfishFailure): Promise<CvmError> {
  if (kind === 'command') return new CvmError('TOOL_FAILED', 'guestfish failed inside of the image', { why })
  if (kind === 'no-launch') {
    return new CvmError('TOOL_FAILED', "guestfish's small virtual machine did not start", {
      why,
      next: 'Run libguestfs-test-tool; it tells where it stops.',
    })
  }
  const kernels = (await readdir('/boot').catch(() => [])).filter((name) => name.startsWith('vmlinuz-'))
  if (kernels.length === 0) {
    return new CvmError('TOOL_MISSING', 'guestfish has no kernel to start', {
      why: 'it runs one of /boot in a small virtual machine, and there is none on this machine',
      next: aptLine(GUESTFISH_PACKAGES),
    })
  }
  return new CvmError('TOOL_FAILED', 'guestfish could not build its small virtual machine', {
    why,
    next: `Look whether you may read ${kernels.map((name) => `/boot/${name}`).join(', ')}, and run libguestfs-test-tool.`,
  })
}

/** In emulation a start takes half a minute when the machine is idle, and minutes when it is not. */
const LIMIT_MS = 10 * 60_000
