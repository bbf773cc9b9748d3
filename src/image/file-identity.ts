import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { CvmError } from '../model/errors.js'
import type { FileIdentity } from '../model/image.js'
import { quoted } from './quoted.js'

/** Who a file is, to notice later that it was replaced or written. Follows links. */
export async function fileIdentity(path: string): Promise<FileIdentity> {
  return identityOf(await stat(path, { bigint: true }))
}

export function identityOf(entry: BigIntStats): FileIdentity {
  return {
    dev: String(entry.dev),
    ino: String(entry.ino),
    sizeBytes: Number(entry.size),
    mtimeNs: String(entry.mtimeNs),
  }
}

/** Two paths name one file, by whatever links or mounts. False when one of them is not there. */
export async function sameFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([identityOrNothing(one), identityOrNothing(other)])
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino
}

/**
 * The file is still the one of `before`, unwritten.
 *
 * @throws CvmError INPUT_CHANGED when it was replaced, written or removed.
 */
export async function assertUnchanged(path: string, before: FileIdentity): Promise<void> {
  const now = await identityOrNothing(path)
  if (now === undefined) throw new CvmError('INPUT_CHANGED', `${quoted(path)} is gone`)
  const changed = (['dev', 'ino', 'sizeBytes', 'mtimeNs'] as const).filter((key) => now[key] !== before[key])
  if (changed.length === 0) return
  const why =
    changed.includes('dev') || changed.includes('ino')
      ? 'another file has its name now'
      : `it had ${before.sizeBytes} bytes and has ${now.sizeBytes}; its time of last change is another`
  throw new CvmError('INPUT_CHANGED', `${quoted(path)} changed while it was in use`, { why })
}

/** SHA-256 of a file as hex digits; reads the next piece while the last one is hashed. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash('sha256')
  await using file = await open(path, 'r')
  let [filling, full] = [Buffer.allocUnsafeSlow(PIECE_BYTES), Buffer.allocUnsafeSlow(PIECE_BYTES)]
  let reading = file.read(filling, 0, PIECE_BYTES, null)
  for (;;) {
    const { bytesRead } = await reading
    if (bytesRead === 0) return hash.digest('hex')
    ;[filling, full] = [full, filling]
    reading = file.read(filling, 0, PIECE_BYTES, null)
    hash.update(full.subarray(0, bytesRead))
  }
}

async function identityOrNothing(path: string): Promise<FileIdentity | undefined> {
  try {
    return await fileIdentity(path)
  } catch {
    return undefined
  }
}

const PIECE_BYTES = 1024 * 1024
