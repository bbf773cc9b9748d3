import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { certificatePem } from '../firmware/secure-boot/certificate-file.js'
import { sameImaLabel } from '../guest/ima-label.js'
import {
  KERNEL_HOOKS,
  KERNEL_SIGNER_CERTIFICATE,
  KERNEL_SIGNER_DIR,
  KERNEL_SIGNER_KEY,
} from '../guest/kernel-signer.js'
import { CvmError } from '../model/errors.js'
import type { BootChain, MoreWrites } from './boot-chain-files.js'
import { readSigner } from './firmware-sign.js'
import type { GuestSigner } from './guest-signer.js'
import { GUEST_SCRIPTS_DIR } from './sources.js'

/** What a guest gets so that it can sign its kernels: files here, and how they are written and read back. */
export interface GuestSignerFiles extends AsyncDisposable {
  readonly hooks: readonly string[]
  readonly writes: MoreWrites
  /** @param said what guestfish printed. @throws {CvmError} CHECK_FAILED when the disk has something else. */
  readonly assertWritten: (said: string) => void
}

/**
 * Lays out key, certificate and hooks; disposing removes them here.
 *
 * The key is written anew from what was checked, so that nothing else of its file gets into the image.
 *
 * @throws {CvmError} CHECK_FAILED for a guest in which the hook could not work; KEYS_REFUSED, INPUT_*.
 */
export async function guestSignerFiles(
  signer: GuestSigner,
  { guestPrograms, etcLabel }: Pick<BootChain, 'guestPrograms' | 'etcLabel'>,
  scratchDir: string,
): Promise<GuestSignerFiles> {
  if (!guestPrograms.includes('sbsign')) throw sbsignMissing()
  const dir = join(scratchDir, 'guest-signer')
  await mkdir(dir, { mode: 0o700 })
  const { key, certificate } = await readSigner(signer)
  const script = await readFile(join(GUEST_SCRIPTS_DIR, 'sign-kernel.sh'))
  const hooks = [KERNEL_HOOKS.postinst, ...(guestPrograms.includes('kernel-install') ? [KERNEL_HOOKS.install] : [])]
  const contents: readonly (readonly [string, string, Buffer])[] = [
    [KERNEL_SIGNER_KEY, '600', Buffer.from(key.export({ type: 'pkcs8', format: 'pem' }))],
    [KERNEL_SIGNER_CERTIFICATE, '600', Buffer.from(certificatePem(certificate.der))],
    ...hooks.map((path) => [path, '755', script] as const),
  ]
  const files: PlacedFile[] = []
  for (const [index, [path, mode, bytes]] of contents.entries()) {
    const local = join(dir, String(index))
    await writeFile(local, bytes, { mode: 0o600 })
    const label = etcLabel === undefined ? undefined : sameImaLabel(etcLabel, bytes)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    files.push({ path, mode, local, sha256, ...(label === undefined ? {} : { label }) })
  }
  return {
    hooks,
    writes: (root) => writesOf(files, root),
    assertWritten: (said) => assertWritten(files, said),
    [Symbol.asyncDispose]: async () => await rm(dir, { recursive: true, force: true }),
  }
}

interface PlacedFile {
  /** In the guest. */
  readonly path: string
  /** Octal. */
  readonly mode: string
  /** The file here. */
  readonly local: string
  readonly sha256: string
  /** IMA label, hex. */
  readonly label?: string
}

/** The directory is made anew: an earlier rewrite may have left another key. */
function writesOf(files: readonly PlacedFile[], root: string): readonly (readonly string[])[] {
  const dir = `${root}${KERNEL_SIGNER_DIR}`
  const above = [...new Set([KERNEL_SIGNER_DIR, ...files.map(({ path }) => path)].map((path) => dirname(path)))]
  return [
    ['rm-rf', dir],
    // Of an earlier rewrite, when the guest had kernel-install.
    ...Object.values(KERNEL_HOOKS).map((path) => ['rm-f', `${root}${path}`]),
    ...above.filter((path) => path !== KERNEL_SIGNER_DIR).map((path) => ['mkdir-p', `${root}${path}`]),
    ['mkdir-mode', dir, '0700'],
    ...files.flatMap(({ path, mode, local, label }) => [
      ['upload', local, `${root}${path}`],
      ['chmod', `0${mode}`, `${root}${path}`],
      ['chown', '0', '0', `${root}${path}`],
      ...(label === undefined
        ? []
        : [['debug', 'sh', `setfattr -n security.ima -v 0x${label} /sysroot${root}${path}`]]),
    ]),
    ['sync'],
    ['drop-caches', '3'],
    // Mode, owner and kind, then the digest: the key itself does not leave the disk again. `debug sh` drops quotes.
    ...[dir, ...files.map(({ path }) => `${root}${path}`)].map((path) => [
      'debug',
      'sh',
      `stat -c ${MARK}%a:%u:%g:%F:%n /sysroot${path}`,
    ]),
    ...files.map(({ path }) => ['debug', 'sh', `sha256sum /sysroot${root}${path}`]),
  ]
}

function assertWritten(files: readonly PlacedFile[], said: string): void {
  const lines = said.split('\n')
  const has = (start: string, path: string) =>
    lines.some((line) => line.startsWith(start) && line.startsWith('/sysroot', start.length) && line.endsWith(path))
  const wrong = [
    ...(has(`${MARK}700:0:0:directory:`, KERNEL_SIGNER_DIR) ? [] : [KERNEL_SIGNER_DIR]),
    ...files
      .filter(({ path, mode, sha256 }) => !has(`${MARK}${mode}:0:0:regular file:`, path) || !has(`${sha256}  `, path))
      .map(({ path }) => path),
  ]
  if (wrong.length === 0) return
  throw new CvmError(
    'CHECK_FAILED',
    `check "guest signer": ${wrong.join(', ')} is not in the image as it was written`,
    {
      why: 'contents, mode or owner were read back and are others',
      next: 'Leave secure-boot.guest-signer out for this image; nothing was published.',
    },
  )
}

function sbsignMissing(): CvmError {
  return new CvmError('CHECK_FAILED', 'check "guest signer": the guest has no sbsign, with which it would sign', {
    why: 'it was there when the scripts of plugins began, and one of them has removed it',
    next: 'Keep the package sbsigntool in the image, or leave secure-boot.guest-signer out.',
  })
}

const MARK = 'cvm:'
