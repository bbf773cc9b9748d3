import { chown, mkdir, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { canReach, unprivilegedAccount } from '../host/accounts.js'
import { Cleanup } from '../host/cleanup.js'
import { type Janitor, startJanitor } from '../host/janitor.js'
import { lockOutput } from '../host/lock.js'
import { makeScratch, type Scratch } from '../host/scratch.js'
import { assertSpace } from '../image/space.js'
import { CvmError } from '../model/errors.js'
import type { Account } from '../model/host.js'
import type { RewritePlan } from '../model/rewrite.js'

/** The directories of one run. All vanish with it, also when it is killed (the janitor sees to that). */
export interface RunPlace extends AsyncDisposable {
  /** On the file system of the output, 0700: plugin copies, seed, logs, the candidate output. */
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
  await assertSpace(outputDir, plan.input.storedBytes, 0)
  const work = stack.use(await makeScratch(outputDir, basename(plan.names.workDir), 0o711))
  const sockets = stack.use(await socketScratch())
  const top = await plainPath(work.path, join(sockets.path, 'run'))
  const bootDir = (await bootDirIn(top, plan.runId, account)) ?? stack.use(await ownedScratch('/var/tmp', account)).path
  for (const path of [work.path, sockets.path, bootDir]) janitor.watchPath(path)
  // The account passes through the directory to bootDir; everything else in it is ours alone.
  const workDir = join(top, 'own')
  await mkdir(workDir, { mode: 0o700 })

  const owned = stack.move()
  return {
    workDir,
    bootDir,
    socketDir: sockets.path,
    account,
    janitor,
    notes: lock.tookOver === undefined ? [] : [lock.tookOver],
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  }
}

/** A directory for the account in the work directory; undefined when a directory above it shuts the account out (/root, a home). */
async function bootDirIn(workDir: string, runId: string, account: Account | undefined): Promise<string | undefined> {
  // A name of this run's own: virt-install makes a storage pool of that name in somebody else's libvirt.
  const path = join(workDir, `boot-${runId}`)
  await mkdir(path, { mode: 0o700 })
  if (account !== undefined) await chown(path, account.uid, account.gid)
  return (await canReach(path, 'rw', account)) ? path : undefined
}

async function ownedScratch(parentDir: string, account: Account | undefined): Promise<Scratch> {
  const scratch = await makeScratch(parentDir, 'cvm-boot', 0o700)
  if (account !== undefined) await chown(scratch.path, account.uid, account.gid)
  return scratch
}

/**
 * The directory under a name that any program takes: itself, or a link to it. virt-install and QEMU read lists with commas, tar
 * reads escapes, and a plugin's script may have forgotten its quotes.
 */
async function plainPath(dir: string, link: string): Promise<string> {
  if (PLAIN.test(dir)) return dir
  await symlink(dir, link)
  return link
}

/** In TMPDIR where that serves, else in /tmp: sockets need a short and plain path, and nothing large is put there. */
async function socketScratch(): Promise<Scratch> {
  const own = tmpdir()
  if (own.length > LONGEST_TMP || !PLAIN.test(own)) return await makeScratch('/tmp', 'cvm', 0o711)
  return await makeScratch(own, 'cvm', 0o711).catch(async (error: unknown) => {
    if (own === '/tmp' || !(error instanceof CvmError)) throw error
    return await makeScratch('/tmp', 'cvm', 0o711)
  })
}

const LONGEST_TMP = 40
const PLAIN = /^\/[A-Za-z0-9_./@%+-]*$/
