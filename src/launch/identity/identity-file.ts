import { createReadStream } from 'node:fs'
import { CvmError } from '../../model/errors.js'

/**
 * Reads a file that an identity is made of, or a key; pipes too, so that `file:/dev/stdin` and `pubkey:<(…)` work.
 *
 * @throws {CvmError} IDENTITY_INVALID when it cannot be read or is larger than 256 MiB.
 */
export async function readIdentityFile(path: string): Promise<Buffer> {
  const parts: Buffer[] = []
  let sizeBytes = 0
  try {
    for await (const part of createReadStream(path)) {
      // A stream without an encoding gives buffers.
      parts.push(part as Buffer)
      sizeBytes += parts.at(-1)?.length ?? 0
      if (sizeBytes > MAX_BYTES) throw tooLarge(path)
    }
  } catch (error) {
    if (error instanceof CvmError) throw error
    const why = error instanceof Error ? error.message : String(error)
    const next = 'Check the path and its permissions.'
    throw new CvmError('IDENTITY_INVALID', `${path} cannot be read`, { why, next, cause: error })
  }
  return Buffer.concat(parts)
}

function tooLarge(path: string): CvmError {
  const next = 'Give its digest in hex instead.'
  return new CvmError('IDENTITY_INVALID', `${path} is larger than ${MAX_BYTES / 2 ** 20} MiB`, { next })
}

const MAX_BYTES = 256 * 2 ** 20
