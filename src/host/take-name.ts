import { link, lstat, open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Gives a file that is complete and flushed its final name, in the same directory, in one step that lasts.
 *
 * @param existing what to do with a file of that name: `refuse` throws EEXIST, also for one that came there a moment ago
 * @throws what the system refuses; the file then still has its old name.
 */
export async function takeName(from: string, to: string, existing: 'refuse' | 'replace'): Promise<void> {
  if (existing === 'replace') await rename(from, to)
  else await moveToFreeName(from, to)
  await flushDirectory(dirname(to))
}

/** Unlike rename, a hard link never replaces a file; some file systems have none. */
async function moveToFreeName(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (cause) {
    if (!NO_HARD_LINKS.has(codeOf(cause))) throw cause
    if ((await lstat(to).catch(() => undefined)) !== undefined)
      throw Object.assign(new Error('file exists'), { code: 'EEXIST' })
    await rename(from, to)
    return
  }
  await unlink(from)
}

async function flushDirectory(path: string): Promise<void> {
  await using dir = await open(path, 'r')
  await dir.sync().catch((cause: unknown) => {
    // Some network and FUSE file systems have nothing to flush for a directory.
    if (!['EINVAL', 'ENOTSUP'].includes(codeOf(cause))) throw cause
  })
}

/** The code of a refusal by the system, such as EEXIST; empty for anything else. */
export function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
}

const NO_HARD_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])
