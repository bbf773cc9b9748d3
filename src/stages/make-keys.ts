import { lstatSync } from 'node:fs'
import { chmod, link, mkdir, readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { CertificateFacts } from '../firmware/secure-boot/certificate-facts.js'
import { readCertificateFile } from '../firmware/secure-boot/certificate-file.js'
import { runToolOrFail } from '../host/run-tool.js'
import { makeScratch } from '../host/scratch.js'
import { CvmError } from '../model/errors.js'
import { generateKeyCall, requestCall, SELF_SIGN_CONFIG, selfSignCall } from '../tools/openssl.js'
import { requireProgram } from './require-program.js'

export interface KeysRequest {
  readonly dir: string
  /** First words of the certificates' names: `NAME PK`, `NAME KEK`, `NAME db`. */
  readonly name: string
  readonly notBefore: Date
  readonly days: number
}

export interface MadeKey {
  readonly role: KeyRole
  /** Absolute paths. */
  readonly keyFile: string
  readonly certificateFile: string
  readonly certificate: CertificateFacts
}

export const KEY_ROLES = ['PK', 'KEK', 'db'] as const
export type KeyRole = (typeof KEY_ROLES)[number]

/**
 * Makes a private key and a certificate for each of PK, KEK and db; all six files or none, and nothing that is there is touched.
 *
 * @throws {CvmError} OUTPUT_EXISTS when one of the files is there; TOOL_MISSING, TOOL_FAILED; IO_ERROR, NO_SPACE.
 */
export async function makeKeys(request: KeysRequest, signal: AbortSignal): Promise<readonly MadeKey[]> {
  const dir = resolve(request.dir)
  const present = fileNames().filter((name) => isThere(join(dir, name)))
  if (present.length > 0)
    throw new CvmError('OUTPUT_EXISTS', `keys are already in ${dir}: ${present.join(', ')}`, {
      next: 'Give another directory; keys are never replaced.',
    })
  await requireProgram('openssl', 'openssl')
  await mkdir(dirname(dir), { recursive: true })
  const isNew = !isThere(dir)
  // On the same file system as the keys will be: a directory that is there may be a link to elsewhere.
  await using scratch = await makeScratch(isNew ? dirname(dir) : dir, `.${basename(dir)}`, 0o700)
  const keys = join(scratch.path, 'keys')
  await mkdir(keys, { mode: 0o700 })
  const certificates = await Promise.all(KEY_ROLES.map((role) => makeKey(role, request, scratch.path, signal)))
  if (isNew) await rename(keys, dir)
  else await moveAll(keys, dir)
  return KEY_ROLES.map((role, index) => ({
    role,
    keyFile: join(dir, `${role}.key`),
    certificateFile: join(dir, `${role}.pem`),
    // One for each role, in the same order.
    certificate: certificates[index] as CertificateFacts,
  }))
}

async function makeKey(
  role: KeyRole,
  { name, notBefore, days }: KeysRequest,
  scratch: string,
  signal: AbortSignal,
): Promise<CertificateFacts> {
  const work = join(scratch, `work-${role}`)
  await mkdir(work, { mode: 0o700 })
  await writeFile(join(work, 'index.txt'), '')
  await writeFile(join(work, 'ca.cnf'), SELF_SIGN_CONFIG)
  const keyFile = join(scratch, 'keys', `${role}.key`)
  const certificateFile = join(scratch, 'keys', `${role}.pem`)
  const requestFile = join(work, 'request.pem')
  const options = { timeoutMs: OPENSSL_TIMEOUT_MS, signal }
  await runToolOrFail(generateKeyCall(keyFile), options)
  await chmod(keyFile, 0o600)
  await runToolOrFail(requestCall(keyFile, `${name} ${role}`, requestFile), options)
  const signing = {
    dir: work,
    configFile: 'ca.cnf',
    keyFile,
    requestFile,
    certificateFile,
    notBefore,
    notAfter: new Date(notBefore.getTime() + days * DAY_MS),
    // The kernel takes the certificate of db for its own keys only when it may sign code.
    extensions: role === 'db' ? 'code' : 'keys',
  }
  await runToolOrFail(selfSignCall(signing), options)
  await chmod(certificateFile, 0o644)
  const reading = readCertificateFile(await readFile(certificateFile))
  if (!reading.ok) throw new CvmError('TOOL_FAILED', `openssl made no certificate: the file ${reading.problem}`)
  return reading.certificate
}

/** Into a directory that is there: hard links never replace a file; what was linked goes again when one fails. */
async function moveAll(from: string, to: string): Promise<void> {
  const linked: string[] = []
  try {
    for (const name of fileNames()) {
      await link(join(from, name), join(to, name))
      linked.push(name)
    }
  } catch (error) {
    for (const name of linked) await unlink(join(to, name))
    throw error
  }
}

function fileNames(): readonly string[] {
  return KEY_ROLES.flatMap((role) => [`${role}.key`, `${role}.pem`])
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

const DAY_MS = 24 * 60 * 60 * 1000
/** RSA 3072 takes a second, on a busy machine some. */
const OPENSSL_TIMEOUT_MS = 5 * 60_000
