import { randomBytes } from 'node:crypto'
import { link, lstat, open, rename, rm } from 'node:fs/promises'
import { CvmError } from '../model/errors.js'

export interface WholeFile {
  readonly path: string
  readonly bytes: Buffer
  /** Permission bits, whatever the umask; nobody else can read a 0o600 at any moment. */
  readonly mode: number
  /** What to do with a file of that name. */
  readonly existing: 'refuse' | 'replace'
}

/**
 * Writes a file so that after a crash there is the old one, or none, or the whole new one.
 *
 * @throws {CvmError} OUTPUT_EXISTS, OUTPUT_UNWRITABLE. Other refusals of the system come as they are.
 */
export async function writeWholeFile({ path, bytes, mode, existing }: WholeFile): Promise<void> {
  const beside = `${path}.${randomBytes(6).toString('hex')}.new`
  try {
    await using file = await open(beside, 'wx', 0o600)
    await file.writeFile(bytes)
    await file.chmod(mode)
    await file.sync()
    if (existing === 'replace') await rename(beside, path)
    else await giveFreeName(beside, path)
  } catch (error) {
    throw told(path, error)
  } finally {
    await rm(beside, { force: true })
  }
}

/**
 * Refuses, before anything is made, a name that is taken.
 *
 * @throws {CvmError} OUTPUT_EXISTS
 */
export async function assertFree(path: string): Promise<void> {
  if ((await lstat(path).catch(() => undefined)) !== undefined) throw taken(path)
}

/** A link never replaces what came there in the meantime; some file systems have none. */
async function giveFreeName(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if (!NO_HARD_LINKS.has(codeOf(error))) throw error
    await assertFree(to)
    await rename(from, to)
  }
}

function told(path: string, error: unknown): unknown {
  const code = codeOf(error)
  if (code === 'EEXIST') return taken(path)
  if (!UNWRITABLE.has(code)) return error
  const why = error instanceof Error ? error.message : String(error)
  return new CvmError('OUTPUT_UNWRITABLE', `${path} cannot be written`, { why, cause: error })
}

function taken(path: string): CvmError {
  return new CvmError('OUTPUT_EXISTS', `${path} is already there`, {
    next: 'Use --force to replace it, or another -o.',
  })
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

const NO_HARD_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])
const UNWRITABLE: ReadonlySet<string> = new Set([
  'ENOENT',
  'ENOTDIR',
  'EISDIR',
  'ENOTEMPTY',
  'EACCES',
  'EPERM',
  'EROFS',
])
