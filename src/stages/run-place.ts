import { chmod, chown, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { canReach, unprivilegedAccount } from '../host/accounts.js'
import { Cleanup } from '../host/cleanup.js'
import { type Janitor, startJanitor } from '../host/janitor.js'
import { lockOutput } from '../host/lock.js'
import { makeScratch } from '../host/scratch.js'
import { assertSpace } from '../image/space.js'
import type { Account } from '../model/host.js'
import type { RewritePlan } from '../model/rewrite.js'

/** The directories of one run. All vanish with it, also when it is killed (the janitor sees to that). */
export interface RunPlace extends AsyncDisposable {
  /** Beside the output, 0700: plugin copies, seed, logs, the candidate output. */
  readonly workDir: string
  /** What QEMU opens: work image, seed, UEFI variables. Owned by `account`, reachable for it. */
  readonly bootDir: string
  /** Short enough for UNIX socket paths (107 bytes). */
  readonly socketDir: string
  /** Who runs QEMU and libvirt; undefined: we ourselves. */
  readonly account: Account | undefined
  readonly janitor: Janitor
  /** Words about a lock that a dead run left behind. */
  readonly notes: readonly string[]
}

/**
 * Locks the output and makes the directories.
 *
 * @throws {CvmError} OUTPUT_LOCKED, NO_SPACE, IO_ERROR.
 */
export async function openRunPlace(plan: RewritePlan): Promise<RunPlace> {
  await using stack = new Cleanup()
  const lock = stack.use(await lockOutput(plan.output, plan.runId))
  const janitor = startJanitor()
  stack.defer(() => janitor.done())
  const account = await unprivilegedAccount()

  const outputDir = dirname(plan.output)
  await assertSpace(outputDir, plan.input.fileSizeBytes, 0)
  const work = stack.use(await makeScratch(outputDir, basename(plan.names.workDir), 0o711))
  const sockets = stack.use(await makeScratch(shortTmp(), 'cvm', 0o711))
  const boot = (await canReach(work.path, 'r', account)) ? undefined : stack.use(await makeScratch('/var/tmp', 'cvm-boot', 0o711))
  const bootDir = boot?.path ?? join(work.path, 'boot')
  for (const path of [work.path, sockets.path, bootDir]) janitor.watchPath(path)

  if (boot === undefined) await mkdir(bootDir)
  await chmod(bootDir, 0o700)
  if (account !== undefined) await chown(bootDir, account.uid, account.gid)
  const owned = stack.move()
  return {
    workDir: work.path,
    bootDir,
    socketDir: sockets.path,
    account,
    janitor,
    notes: lock.tookOver === undefined ? [] : [lock.tookOver],
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  }
}

function shortTmp(): string {
  return tmpdir().length <= 40 ? tmpdir() : '/tmp'
}
