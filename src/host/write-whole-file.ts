import { randomBytes } from 'node:crypto'
import { lstat, open, rm } from 'node:fs/promises'
import { CvmError } from '../model/errors.js'
import { fromSystem, isNoSpace } from '../model/system-error.js'
import { codeOf, takeName } from './take-name.js'

export interface WholeFile {
  readonly path: string
  readonly bytes: Buffer
  /** Permission bits, whatever the umask; nobody else can read a 0o600 at any moment. */
  readonly mode: number
  /** What to do with a file of that name. */
  readonly existing: 'refuse' | 'replace'
  /** Asked when all bytes are on disk; what it throws leaves everything as it was. */
  readonly beforeNaming?: () => Promise<void>
}

/**
 * Writes a file so that after a crash there is the old one, or none, or the whole new one.
 *
 * @throws {CvmError} OUTPUT_EXISTS, OUTPUT_UNWRITABLE, NO_SPACE, IO_ERROR; whatever `beforeNaming` throws.
 */
export async function writeWholeFile(file: WholeFile): Promise<void> {
  await writeWholeFiles([file])
}

/**
 * Writes files that belong together: none gets its name before the bytes of all are on disk, in the order given. When one cannot be
 * named, those that took a free name go again.
 *
 * @throws {CvmError} as writeWholeFile.
 */
export async function writeWholeFiles(files: readonly WholeFile[]): Promise<void> {
  const all = files.map((file) => ({ ...file, beside: `${file.path}.${randomBytes(6).toString('hex')}.new` }))
  const named: string[] = []
  try {
    for (const { path, beside, bytes, mode } of all) await inWords(path, () => writeFlushed(beside, bytes, mode))
    for (const { path, beside, existing, beforeNaming } of all) {
      await inWords(path, async () => {
        await beforeNaming?.()
        await takeName(beside, path, existing)
      })
      if (existing === 'refuse') named.push(path)
    }
  } catch (error) {
    for (const path of named) await rm(path, { force: true })
    throw error
  } finally {
    for (const { beside } of all) await rm(beside, { force: true })
  }
}

async function inWords(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (error) {
    throw told(path, error)
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

async function writeFlushed(path: string, bytes: Buffer, mode: number): Promise<void> {
  await using file = await open(path, 'wx', 0o600)
  await file.writeFile(bytes)
  await file.chmod(mode)
  await file.sync()
}

function told(path: string, error: unknown): unknown {
  const code = codeOf(error)
  if (code === 'EEXIST') return taken(path)
  const why = error instanceof Error ? error.message : String(error)
  // The system does not say which file it was.
  if (isNoSpace(error)) return new CvmError('NO_SPACE', `no room on the disk: ${path}`, { why, cause: error })
  if (!UNWRITABLE.has(code)) return fromSystem(error)
  return new CvmError('OUTPUT_UNWRITABLE', `${path} cannot be written`, { why, cause: error })
}

function taken(path: string): CvmError {
  return new CvmError('OUTPUT_EXISTS', `${path} is already there`, {
    next: 'Use --force to replace it, or another -o.',
  })
}

const UNWRITABLE: ReadonlySet<string> = new Set([
  'ENOENT',
  'ENOTDIR',
  'EISDIR',
  'ENOTEMPTY',
  'EACCES',
  'EPERM',
  'EROFS',
])
