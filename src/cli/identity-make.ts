import type { KeyObject } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { newP384Key } from '../host/new-p384-key.js'
import { assertFree, type WholeFile, writeWholeFiles } from '../host/write-whole-file.js'
import { idAuth, readIdAuth } from '../launch/identity/id-auth.js'
import { idBlock, readIdBlock } from '../launch/identity/id-block.js'
import type { IdentityField } from '../launch/identity/identity-field.js'
import { readIdentityFile } from '../launch/identity/identity-file.js'
import { readIdentityValue } from '../launch/identity/identity-value.js'
import { readSigningKey } from '../launch/identity/snp-key.js'
import { writtenBytes } from '../launch/identity/written-bytes.js'
import { CvmError } from '../model/errors.js'
import { EXIT } from '../model/exit.js'
import { policyWarnings } from '../model/snp-policy.js'
import { assertNoInput } from '../stages/output-place.js'
import { complain } from './complain.js'
import { type MadeIdentity, madeObject, madeText } from './identity-formats.js'
import { interruption } from './interruption.js'

export interface IdentityMakeOptions {
  readonly launchDigest: string
  readonly idKey?: string
  readonly newKey?: string
  readonly authorKey?: string
  readonly familyId?: string
  readonly imageId?: string
  readonly guestSvn: string
  readonly policy: string
  readonly output: string
  readonly force?: true
  readonly json?: true
}

/** cvm-rewrite identity make: the ID block of an SEV-SNP guest, and its signatures, in two files. */
export async function identityMake(options: IdentityMakeOptions): Promise<number> {
  const json = options.json === true
  try {
    const made = await make(options)
    process.stdout.write(json ? `${JSON.stringify(madeObject(made))}\n` : madeText(made))
    return EXIT.ok
  } catch (error) {
    return await complain(error, json)
  }
}

async function make(options: IdentityMakeOptions): Promise<MadeIdentity> {
  const block = idBlock({
    launchDigest: launchDigest(options.launchDigest),
    familyId: await id(options.familyId, 'family-id'),
    imageId: await id(options.imageId, 'image-id'),
    guestSvn: Number(wholeNumber(options.guestSvn, '--guest-svn', 32)),
    policy: wholeNumber(options.policy, '--policy', 64),
  })
  const authorKey = options.authorKey === undefined ? undefined : await signingKey(options.authorKey)
  const paths = await pathsFor(options.output)
  for (const path of [paths.block, paths.auth]) await assertNoInput(path, keysOf(options))
  const existing = options.force ? 'replace' : 'refuse'
  if (existing === 'refuse') {
    for (const path of [paths.block, paths.auth]) await assertFree(path)
  }

  const { idKey, newKey } = await idKeyFor(options, paths)
  const auth = idAuth({ block, idKey, ...(authorKey === undefined ? {} : { authorKey }) })
  // A signal ends the program when all of them are there: they belong together, and take milliseconds.
  using _ = interruption(() => {})
  await writeWholeFiles([
    ...newKey,
    { path: paths.block, bytes: block, mode: 0o644, existing },
    { path: paths.auth, bytes: auth, mode: 0o644, existing },
  ])
  const content = readIdBlock(block)
  return {
    paths,
    ...(options.newKey === undefined ? {} : { newKey: options.newKey }),
    block: { content, bytes: block },
    auth: { content: readIdAuth(auth, block), bytes: auth },
    warnings: policyWarnings(content.policy),
  }
}

function keysOf({ idKey, authorKey }: IdentityMakeOptions): readonly (readonly [string, string])[] {
  const named = { '--id-key': idKey, '--author-key': authorKey }
  return Object.entries(named).flatMap(([option, path]) => (path === undefined ? [] : [[option, path] as const]))
}

interface IdKey {
  readonly idKey: KeyObject
  /** The file to write for a new one. */
  readonly newKey: readonly WholeFile[]
}

async function idKeyFor({ idKey, newKey }: IdentityMakeOptions, paths: MadeIdentity['paths']): Promise<IdKey> {
  if (idKey !== undefined) return { idKey: await signingKey(idKey), newKey: [] }
  if (newKey === undefined) {
    throw new CvmError('USAGE', 'no key to sign with', { next: 'Give --id-key PEM, or --new-key FILE to make one.' })
  }
  if ([paths.block, paths.auth].some((path) => resolve(path) === resolve(newKey))) {
    throw new CvmError('USAGE', `--new-key and -o both make ${newKey}`, { next: 'Give the key another name.' })
  }
  // A key that is there is never replaced, --force or not: what it signed could not be signed again.
  await assertFree(newKey).catch((error: unknown) => {
    if (!(error instanceof CvmError)) throw error
    throw new CvmError('OUTPUT_EXISTS', error.message, {
      next: `Use it with --id-key ${newKey}, or give another name.`,
    })
  })
  const pem = newP384Key()
  return {
    idKey: readSigningKey(pem, newKey),
    newKey: [{ path: newKey, bytes: pem, mode: 0o600, existing: 'refuse' }],
  }
}

async function signingKey(path: string): Promise<KeyObject> {
  return readSigningKey(await readIdentityFile(path), path)
}

function launchDigest(word: string): Buffer {
  const written = writtenBytes(word, 48)
  if (written.ok) return written.bytes
  throw new CvmError('IDENTITY_INVALID', 'the launch digest cannot be used', written)
}

async function id(word: string | undefined, field: IdentityField): Promise<Buffer> {
  return word === undefined ? Buffer.alloc(16) : (await readIdentityValue(word, field, readIdentityFile)).bytes
}

function wholeNumber(word: string, option: string, bits: number): bigint {
  const value = /^(?:0x[0-9a-f]{1,16}|\d{1,20})$/i.test(word) ? BigInt(word) : undefined
  if (value !== undefined && value < 1n << BigInt(bits)) return value
  throw new CvmError('USAGE', `${option} is not a whole number of ${bits} bits`, {
    next: `Give one, such as ${option} 0x30000`,
  })
}

async function pathsFor(place: string): Promise<MadeIdentity['paths']> {
  if (place === '' || place === '-') throw new CvmError('USAGE', '-o needs a directory or the beginning of a name')
  const isDirectory = place.endsWith('/') || ((await stat(place).catch(() => undefined))?.isDirectory() ?? false)
  const path = (name: string) => (isDirectory ? join(place, name) : `${place}.${name}`)
  return { block: path('id-block.bin'), auth: path('id-auth.bin') }
}
