import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { certificateDoubts } from '../firmware/secure-boot/certificate-doubts.js'
import type { CertificateFacts } from '../firmware/secure-boot/certificate-facts.js'
import { certificatePem, readCertificateFile } from '../firmware/secure-boot/certificate-file.js'
import { runToolOrFail } from '../host/run-tool.js'
import { makeScratch } from '../host/scratch.js'
import { writeWholeFile } from '../host/write-whole-file.js'
import { CvmError } from '../model/errors.js'
import { sbsignCall } from '../tools/sbsign.js'
import { signedImage } from './firmware-verify.js'
import { assertNoInput, assertOutputFree } from './output-place.js'
import { requireProgram } from './require-program.js'
import { signatureAnswers } from './signature-answers.js'
import { LARGEST_KEY_FILE_BYTES, wholeFile } from './whole-file.js'

export interface SignRequest {
  readonly efiFile: string
  readonly keyFile: string
  readonly certificateFile: string
  /** `force`: replace what is there. */
  readonly output: { readonly path: string; readonly force: boolean }
  readonly now: Date
}

export interface SignedProgram {
  readonly certificate: CertificateFacts
  /** Authenticode SHA-256 of the signed file, hex. */
  readonly sha256: string
  /** Of the file, the new one included. */
  readonly signatures: number
  readonly notes: readonly string[]
}

/**
 * Signs a program; the result is verified before it gets the output's name.
 *
 * @throws {CvmError} KEYS_REFUSED for a key or certificate that is none, or two that do not belong together; EFI_FILE_INVALID;
 * OUTPUT_*; TOOL_MISSING, TOOL_FAILED; INPUT_*.
 */
export async function signProgram(request: SignRequest, signal: AbortSignal): Promise<SignedProgram> {
  const { efiFile, keyFile, certificateFile, output, now } = request
  await assertOutputFree(output.path, output.force, 'signed.efi')
  await assertNoInput(output.path, [
    ['--key', keyFile],
    ['--cert', certificateFile],
  ])
  const certificate = await assertSigner({ keyFile, certificateFile })
  const program = await wholeFile(efiFile)
  const before = signedImage(program, efiFile)
  await using scratch = await makeScratch(tmpdir(), 'cvm-sign', 0o700)
  const files = {
    // A copy: what is signed is what was looked at, and the name cannot be an option.
    efiFile: join(scratch.path, 'program.efi'),
    // The key itself is not copied anywhere.
    keyFile: resolve(keyFile),
    certificateFile: join(scratch.path, 'certificate.pem'),
    outputFile: join(scratch.path, 'signed.efi'),
  }
  await writeFile(files.efiFile, program)
  await writeFile(files.certificateFile, certificatePem(certificate.der))
  await runToolOrFail(sbsignCall(files), { timeoutMs: SBSIGN_TIMEOUT_MS, signal })
  const bytes = await readFile(files.outputFile)
  const after = signedImage(bytes, 'what sbsign wrote')
  await checkResult(after, certificate, signal)
  const existing = output.force ? 'replace' : 'refuse'
  await writeWholeFile({ path: output.path, bytes, mode: 0o644, existing })
  return {
    certificate,
    sha256: after.digest('sha256').toString('hex'),
    signatures: after.signatures.length,
    notes: [
      ...certificateDoubts(certificate, now).map((doubt) => `${certificateFile}: the certificate ${doubt}`),
      ...(before.digest('sha256').equals(after.digest('sha256'))
        ? []
        : ['sbsign padded the file, so its digest is another than before']),
    ],
  }
}

/**
 * Asked before any work: the programs are there, and key and certificate can sign.
 *
 * @throws {CvmError} TOOL_MISSING, KEYS_REFUSED, INPUT_*.
 */
export async function assertSigner(
  signer: Pick<SignRequest, 'keyFile' | 'certificateFile'>,
): Promise<CertificateFacts> {
  await requireProgram('sbsign', 'sbsigntool')
  await requireProgram('openssl', 'openssl')
  return (await readSigner(signer)).certificate
}

/**
 * A key and its certificate that can sign.
 *
 * @throws {CvmError} KEYS_REFUSED, INPUT_*.
 */
export async function readSigner(
  signer: Pick<SignRequest, 'keyFile' | 'certificateFile'>,
): Promise<{ readonly key: KeyObject; readonly certificate: CertificateFacts }> {
  const certificate = await certificateFrom(signer.certificateFile)
  const key = await privateKeyFrom(signer.keyFile)
  checkPair(key, certificate, signer)
  return { key, certificate }
}

async function certificateFrom(path: string): Promise<CertificateFacts> {
  const reading = readCertificateFile(await wholeFile(path, LARGEST_KEY_FILE_BYTES))
  if (reading.ok) return reading.certificate
  throw new CvmError('KEYS_REFUSED', `--cert ${path}: the file ${reading.problem}`)
}

async function privateKeyFrom(path: string): Promise<KeyObject> {
  const bytes = await wholeFile(path, LARGEST_KEY_FILE_BYTES)
  const text = bytes.toString('latin1')
  if (/ENCRYPTED/.test(text))
    throw new CvmError(
      'KEYS_REFUSED',
      `--key ${path}: the private key has a passphrase, which nobody could type here`,
      {
        next: 'Give a key without one, for example: openssl pkey -in KEY -out plain.key',
      },
    )
  if (!text.includes('PRIVATE KEY'))
    throw new CvmError('KEYS_REFUSED', `--key ${path}: the file holds no private key in PEM`)
  try {
    return createPrivateKey(bytes)
  } catch (cause) {
    throw new CvmError('KEYS_REFUSED', `--key ${path}: the private key cannot be read`, {
      why: cause instanceof Error ? cause.message : String(cause),
      cause,
    })
  }
}

/** @throws {CvmError} KEYS_REFUSED. */
function checkPair(
  key: KeyObject,
  certificate: CertificateFacts,
  { keyFile, certificateFile }: Pick<SignRequest, 'keyFile' | 'certificateFile'>,
): void {
  if (key.asymmetricKeyType !== 'rsa')
    throw new CvmError('KEYS_REFUSED', `--key ${keyFile}: sbsign signs with RSA keys, this is ${key.asymmetricKeyType}`)
  if (!new X509Certificate(certificate.der).checkPrivateKey(key))
    throw new CvmError('KEYS_REFUSED', `${keyFile} is not the key of the certificate in ${certificateFile}`)
}

/** The new signature holds and is by that certificate: else what was written is of no use. */
async function checkResult(
  image: ReturnType<typeof signedImage>,
  certificate: CertificateFacts,
  signal: AbortSignal,
): Promise<void> {
  const last = image.signatures.at(-1)
  if (last?.readable && last.matchesImage) {
    const question = { signature: last.signature, certificate: certificate.der }
    const isSignedUnder = await signatureAnswers([question], signal)
    if (isSignedUnder(question.signature, question.certificate)) return
  }
  throw new CvmError('TOOL_FAILED', 'sbsign made a signature that does not hold', {
    next: 'The program may have sections or gaps that sbsign cannot handle; nothing was written.',
  })
}

const SBSIGN_TIMEOUT_MS = 60_000
