import { statSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type LibvirtConnection, startPrivateLibvirt } from '../host/private-libvirt.js'
import { runTool } from '../host/run-tool.js'
import { CvmError } from '../model/errors.js'
import type { RewritePlan } from '../model/rewrite.js'
import { answersCall } from '../tools/virsh.js'
import type { RunPlace } from './run-place.js'

/**
 * A private daemon, or the one that the person named with -s.
 *
 * @throws {CvmError} LIBVIRT_UNREACHABLE.
 */
export async function connectLibvirt(plan: RewritePlan, place: RunPlace): Promise<LibvirtConnection> {
  if (plan.connect !== undefined) return await connectTo(libvirtUri(plan.connect), LEAVE_OUT)
  const cacheDir = join(userCacheDir(), 'libvirt')
  // A home that nobody can write to only costs the seconds that the cache would have saved.
  await mkdir(userCacheDir(), { recursive: true }).catch(() => {})
  return await startPrivateLibvirt({
    scratchDir: place.socketDir,
    cacheDir,
    account: place.account,
    janitor: place.janitor,
  })
}

/** Where things that can be made again are kept: XDG_CACHE_HOME or ~/.cache. */
export function userCacheDir(): string {
  const base = process.env['XDG_CACHE_HOME']
  return join(base?.startsWith('/') === true ? base : join(homedir(), '.cache'), 'cvm-image-rewriter')
}

/** A URI as it is; the path of a socket as a URI that leads to it. */
export function libvirtUri(connect: string): string {
  if (!connect.startsWith('/')) return connect
  return `qemu+unix:///${process.getuid?.() === 0 ? 'system' : 'session'}?socket=${encodeURI(connect)}`
}

/**
 * Makes sure that a daemon that is not ours answers.
 *
 * @param next what a person can do when none does
 * @throws {CvmError} LIBVIRT_UNREACHABLE.
 */
export async function connectTo(uri: string, next: string): Promise<LibvirtConnection> {
  const socket = /[?&]socket=([^&]*)/.exec(uri)?.[1]
  if (socket !== undefined && statSync(decodeURI(socket), { throwIfNoEntry: false })?.isSocket() !== true) {
    throw new CvmError('LIBVIRT_UNREACHABLE', `there is no socket at ${decodeURI(socket)}`, { next })
  }
  const result = await runTool(answersCall(uri), { timeoutMs: ANSWER_LIMIT_MS })
  if (result.exitCode !== 0) {
    const words = result.stderr.trim().split('\n').filter(Boolean)
    throw new CvmError('LIBVIRT_UNREACHABLE', `no libvirt answers at ${uri}`, {
      why: words.at(-1) ?? `virsh exited ${result.exitCode}`,
      lines: words,
      next,
    })
  }
  return { uri, env: {}, account: undefined, private: false, async [Symbol.asyncDispose]() {} }
}

const LEAVE_OUT =
  'Leave -s out (a private daemon is used then), or see that this user may use it: sudo usermod -aG libvirt USER'
const ANSWER_LIMIT_MS = 20_000
