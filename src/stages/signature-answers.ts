import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { certificatePem } from '../firmware/secure-boot/certificate-file.js'
import type { IsSignedUnder, SignatureQuestion } from '../firmware/secure-boot/judge-image.js'
import { runTool } from '../host/run-tool.js'
import { makeScratch } from '../host/scratch.js'
import { CvmError } from '../model/errors.js'
import { verifySignatureCall } from '../tools/openssl.js'
import { requireProgram } from './require-program.js'

/**
 * Asks OpenSSL which signatures hold under which certificates.
 *
 * @throws {CvmError} TOOL_MISSING, TOOL_TIMED_OUT; TOOL_FAILED when OpenSSL says neither yes nor no.
 */
export async function signatureAnswers(
  questions: readonly SignatureQuestion[],
  signal: AbortSignal,
): Promise<IsSignedUnder> {
  const answers = new Map<string, boolean>()
  if (questions.length > 0) await requireProgram('openssl', 'openssl')
  await using scratch = await makeScratch(tmpdir(), 'cvm-verify', 0o700)
  const files = {
    signatureFile: join(scratch.path, 'signature.p7'),
    contentFile: join(scratch.path, 'content'),
    anchorFile: join(scratch.path, 'anchor.pem'),
  }
  for (const question of questions) {
    const key = keyOf(question)
    if (answers.has(key)) continue
    await writeFile(files.signatureFile, question.signature.der)
    await writeFile(files.contentFile, question.signature.signedContent)
    await writeFile(files.anchorFile, certificatePem(question.certificate))
    const { exitCode, stderr } = await runTool(verifySignatureCall(files), { timeoutMs: VERIFY_TIMEOUT_MS, signal })
    if (exitCode !== 0 && !NO.test(stderr) && !UNREADABLE_ANCHOR.test(stderr))
      throw new CvmError('TOOL_FAILED', `openssl could not verify a signature (exit code ${exitCode})`, {
        lines: stderr.trim().split('\n').slice(-5),
      })
    answers.set(key, exitCode === 0)
  }
  return (signature, certificate) => {
    const answer = answers.get(keyOf({ signature, certificate }))
    if (answer === undefined) throw new Error('a signature was judged that nobody asked about')
    return answer
  }
}

function keyOf({ signature, certificate }: SignatureQuestion): string {
  const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
  return `${digest(signature.der)} ${digest(certificate)}`
}

/** What `openssl smime -verify` says of a signature that does not hold. */
const NO = /Verification failure/
/** An entry of db that is no certificate: firmware, too, goes on to the next one. */
const UNREADABLE_ANCHOR = /Error loading file|PEM routines|Could not (?:open|read|load)|unable to load/i
const VERIFY_TIMEOUT_MS = 30_000
