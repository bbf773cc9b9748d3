import { CvmError } from './errors.js'

/**
 * What the operating system refused, as an error that a person can act on; anything else comes back as it is.
 *
 * Only refusals that a sound program can meet: a full disk, a closed door, a broken one. A file that is not there is a bug of ours.
 */
export function fromSystem(error: unknown): unknown {
  const code = codeOf(error)
  if (code === undefined) return error
  const { message: why, path } = error as NodeJS.ErrnoException
  const where = path === undefined ? '' : `: ${path}`
  if (FULL.has(code)) return new CvmError('NO_SPACE', `no room on the disk${where}`, { why, cause: error })
  const what = REFUSALS[code]
  if (what === undefined) return error
  return new CvmError('IO_ERROR', `${what}${where}`, { why, cause: error })
}

/** True for an error that says that a disk is full. */
export function isNoSpace(error: unknown): boolean {
  return FULL.has(codeOf(error) ?? '')
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined
}

const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT'])
const REFUSALS: Readonly<Record<string, string>> = {
  EACCES: 'no permission',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  EIO: 'the disk or its connection failed',
  EFBIG: 'the file system takes no file of that size',
  ENAMETOOLONG: 'the name is too long for the file system',
  EMFILE: 'this process has too many files open (ulimit -n)',
  ENFILE: 'the machine has too many files open',
  ESTALE: 'the network file system lost the file',
}
