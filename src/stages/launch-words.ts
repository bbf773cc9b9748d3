import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { FIELD, QCOW2_MAGIC } from '../image/qcow2-fields.js'
import { ID_AUTH_BYTES } from '../launch/identity/id-auth.js'
import { ID_BLOCK_BYTES } from '../launch/identity/id-block.js'
import { readIdentityFile } from '../launch/identity/identity-file.js'
import { readIdentityValue } from '../launch/identity/identity-value.js'
import { structureBytes } from '../launch/identity/structure-bytes.js'
import { writtenBytes } from '../launch/identity/written-bytes.js'
import { CvmError } from '../model/errors.js'
import type { DiskWish, LaunchKey, LaunchLayer, LaunchWishes } from '../model/launch.js'
import { IDENTITY_KEYS, LAUNCH_PATHS, PATH_KEYS } from '../model/launch-keys.js'
import type { DiskWord, LaunchWords } from '../model/launch-values.js'

/**
 * Makes wishes of words: paths absolute, seen from `dir`, disk formats known, identities as hex.
 *
 * @throws {CvmError} LAUNCH_INVALID, IDENTITY_INVALID; `origin` is named.
 */
export async function resolveLaunchWords(words: LaunchWords, dir: string, origin: string): Promise<LaunchLayer> {
  const { disks, ...rest } = words
  const paths = PATH_KEYS.flatMap((key) => (words[key] === undefined ? [] : [[key, resolve(dir, words[key])]]))
  const identities: Partial<Record<LaunchKey, string>> = {}
  const madeFrom: Partial<Record<LaunchKey, string>> = {}
  for (const key of IDENTITY_KEYS) {
    const word = words[key]
    if (word === undefined) continue
    const { hex, from } = await resolveIdentity(key, word, dir).catch((error: unknown) => {
      throw inOrigin(error, key, origin)
    })
    identities[key] = hex
    madeFrom[key] = from
  }
  const wishes: LaunchWishes = {
    ...rest,
    ...Object.fromEntries(paths),
    ...identities,
    ...(disks === undefined ? {} : { disks: await Promise.all(disks.map((disk) => resolveDisk(disk, dir, origin))) }),
  }
  return { origin, wishes, ...(Object.keys(madeFrom).length === 0 ? {} : { madeFrom }) }
}

type IdentityKey = (typeof IDENTITY_KEYS)[number]

async function resolveIdentity(key: IdentityKey, word: string, dir: string): Promise<{ hex: string; from: string }> {
  if (key === 'idBlock' || key === 'idAuth') return await readIdPart(word, dir, ID_PART_BYTES[key])
  const { bytes, madeFrom } = await readIdentityValue(word, FIELDS[key], (path) => readIdentityFile(resolve(dir, path)))
  return { hex: bytes.toString('hex'), from: madeFrom }
}

/** An ID block or ID auth structure: `hex:…`, `base64:…`, or a file with its bytes or base64 of them. */
async function readIdPart(word: string, dir: string, sizeBytes: number): Promise<{ hex: string; from: string }> {
  if (!/^(?:hex|base64):/.test(word)) {
    const bytes = structureBytes(await readIdentityFile(resolve(dir, word)), sizeBytes, word)
    return { hex: bytes.toString('hex'), from: `the ${sizeBytes} bytes of ${word}` }
  }
  const written = writtenBytes(word, sizeBytes)
  if (!written.ok) {
    throw new CvmError('IDENTITY_INVALID', 'this is not such a structure', { why: written.why, next: written.next })
  }
  return { hex: written.bytes.toString('hex'), from: `${sizeBytes} bytes given in ${written.form}` }
}

/** Never by its name: a .img may be a qcow2. */
async function resolveDisk({ path, format, readOnly }: DiskWord, dir: string, origin: string): Promise<DiskWish> {
  const absolute = resolve(dir, path)
  if (format !== undefined) return { path: absolute, format, readOnly }
  try {
    // A pipe is not waited for.
    await using file = await open(absolute, constants.O_RDONLY | constants.O_NONBLOCK)
    const entry = await file.stat()
    if (!entry.isFile() && !entry.isBlockDevice()) throw new Error('it is neither a file nor a block device')
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0)
    return { path: absolute, format: buffer.readUInt32BE(FIELD.magic) === QCOW2_MAGIC ? 'qcow2' : 'raw', readOnly }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CvmError('LAUNCH_INVALID', `${origin}: the disk ${path} cannot be read`, { why, cause })
  }
}

function inOrigin(error: unknown, key: LaunchKey, origin: string): unknown {
  const where = `${origin}: ${LAUNCH_PATHS[key]}`
  if (!(error instanceof CvmError)) {
    const why = error instanceof Error ? error.message : String(error)
    return new CvmError('LAUNCH_INVALID', `${where} cannot be read`, { why, cause: error })
  }
  const { code, message, why, next, lines } = error
  return new CvmError(code, `${where}: ${message}`, {
    ...(why === undefined ? {} : { why }),
    next,
    lines,
    cause: error,
  })
}

const FIELDS = {
  mrowner: 'mrowner',
  mrconfigid: 'mrconfigid',
  mrownerconfig: 'mrownerconfig',
  hostData: 'host-data',
} as const
const ID_PART_BYTES = { idBlock: ID_BLOCK_BYTES, idAuth: ID_AUTH_BYTES } as const
