import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { shortName } from '../firmware/secure-boot/certificate-facts.js'
import { sameImaLabel } from '../guest/ima-label.js'
import { KERNEL_SIGNER_DIR } from '../guest/kernel-signer.js'
import { CvmError } from '../model/errors.js'
import type { Say } from '../model/events.js'
import type { SignedFile } from '../model/firmware-facts.js'
import type { CheckResult } from '../model/rewrite.js'
import { type BootProgram, type ChainDisk, putBootPrograms, takeBootChain } from './boot-chain-files.js'
import { signProgram } from './firmware-sign.js'
import type { GuestSigner } from './guest-signer.js'
import { type ChainVerdict, judgeBootChain } from './judge-boot-chain.js'
import type { OutputFirmware } from './output-firmware.js'
import { guestSignerFiles } from './put-guest-signer.js'

export interface SignedChain {
  readonly signed: readonly SignedFile[]
  readonly checks: readonly CheckResult[]
  /** Paths in the guest of what signs later kernels. */
  readonly hooks: readonly string[]
}

/**
 * Signs what the guest boots, and proves that the firmware that is published with the image starts it; runs after the guest has
 * powered off. Signatures that are there stay. Nothing of the key that signs here comes near the image; the key of the guest,
 * if it is to have one, is put into it.
 *
 * @throws {CvmError} CHECK_FAILED when a program would be refused, with each of them; TOOL_*; KEYS_REFUSED.
 */
export async function signBootChain(
  firmware: OutputFirmware,
  disk: ChainDisk,
  now: Date,
  say: Say,
): Promise<SignedChain | undefined> {
  const { signer, guestSigner, state, variables } = firmware
  if (!takesBootChain(firmware)) return undefined
  say({ type: 'step', text: 'taking boot loaders and kernels out of the image' })
  const chain = await takeBootChain(disk)
  const { places, programs } = chain
  if (programs.length === 0)
    throw new CvmError(
      'CHECK_FAILED',
      'check "secure boot": the image has no boot loader and no kernel that was found',
      {
        why: 'looked for programs on the EFI system partition, and for /boot/vmlinuz-*',
        next: 'Leave secure-boot out for this image.',
      },
    )
  if (state.on && programs.every(({ kind }) => kind !== 'shim')) say({ type: 'warning', text: NO_SHIM })
  if (guestSigner !== undefined && state.on) assertTrusted(guestSigner, programs)
  await using later =
    guestSigner === undefined ? undefined : await guestSignerFiles(guestSigner, chain, disk.scratchDir)
  const wanted = programs.filter(({ kind }) => kind !== 'other' && signer?.what.includes(kind))
  const signed = signer === undefined ? [] : await signAll(wanted, { ...signer, disk, now, say })
  const written =
    signed.length === 0 && later === undefined ? undefined : await putBootPrograms(disk, places, signed, later?.writes)
  later?.assertWritten(written?.said ?? '')
  const result = programs.map((program) => ({ ...program, bytes: written?.bytes.get(program.name) ?? program.bytes }))
  const verdicts = state.on ? await judgeBootChain(result, variables, state, disk.signal) : []
  assertAccepted(verdicts)
  return {
    signed: signed.map(factsOf),
    checks: [checkOf(verdicts, state.whyOff), ...(guestSigner === undefined ? [] : [guestSignerCheck(guestSigner)])],
    hooks: later?.hooks ?? [],
  }
}

/** There is something to sign, to put beside it, or to judge. */
export function takesBootChain({
  signer,
  guestSigner,
  state,
}: Pick<OutputFirmware, 'signer' | 'guestSigner' | 'state'>): boolean {
  return signer !== undefined || guestSigner !== undefined || state.on
}

type Signing = NonNullable<OutputFirmware['signer']> & {
  readonly disk: ChainDisk
  readonly now: Date
  readonly say: Say
}

type SignedProgram = BootProgram & { readonly sha256: string; readonly by: string }

async function signAll(programs: readonly BootProgram[], signing: Signing): Promise<readonly SignedProgram[]> {
  const { keyFile, certificateFile, certificate, disk, now, say } = signing
  const dir = join(disk.scratchDir, 'signed')
  await mkdir(dir, { mode: 0o700 })
  const signed: SignedProgram[] = []
  for (const [index, program] of programs.entries()) {
    const path = join(dir, `${index}.efi`)
    const request = { efiFile: program.local, keyFile, certificateFile, output: { path, force: false }, now }
    const { sha256 } = await signProgram(request, disk.signal)
    const bytes = await readFile(path)
    signed.push({
      ...program,
      ...labelled(program, bytes, say),
      local: path,
      bytes,
      sha256,
      by: shortName(certificate),
    })
    say({ type: 'step', text: `signed ${program.name}` })
  }
  return signed
}

/** Without a new label, IMA would refuse the file, or log it as changed. */
function labelled({ label, name }: BootProgram, bytes: Buffer, say: Say): { readonly label?: string } {
  if (label === undefined) return {}
  const made = sameImaLabel(label, bytes)
  if (made !== undefined) return { label: made }
  say({ type: 'warning', text: `${name}: its IMA label is a signature, which does not cover the new contents` })
  return { label }
}

/** Only shim reads MokList. @throws {CvmError} CHECK_FAILED. */
function assertTrusted({ trustedBy, certificate }: GuestSigner, programs: readonly BootProgram[]): void {
  if (trustedBy === 'db' || programs.some(({ kind }) => kind === 'shim')) return
  throw new CvmError(
    'CHECK_FAILED',
    `check "guest signer": what the guest signs as ${shortName(certificate)} would not start`,
    {
      why: 'its certificate is in MokList, which only shim reads, and the image has no shim',
      next: 'Put the certificate into secure-boot.keys.db (root in the guest then signs for the firmware itself), take an image with shim, or leave secure-boot.guest-signer out.',
    },
  )
}

function guestSignerCheck({ certificate, trustedBy }: GuestSigner): CheckResult {
  const detail = `the image holds the private key of ${shortName(certificate)} (in ${trustedBy}) in ${KERNEL_SIGNER_DIR}, for root only, and a hook that signs later kernels (read back)`
  return { name: 'guest signer', ok: true, detail }
}

/** @throws {CvmError} CHECK_FAILED. */
function assertAccepted(verdicts: readonly ChainVerdict[]): void {
  const refused = verdicts.filter(({ accepted }) => !accepted)
  const lines = refused.map(({ name, by, reason }) => `${by} would refuse ${name}: ${reason}`)
  const [first] = lines
  if (first === undefined) return
  throw new CvmError('CHECK_FAILED', `check "secure boot": ${first}`, {
    ...(lines.length > 1 ? { lines } : {}),
    next: 'Sign it (secure-boot.sign, secure-boot.what), or enroll the certificate that it is signed under.',
  })
}

function checkOf(verdicts: readonly ChainVerdict[], whyOff: string | undefined): CheckResult {
  const detail =
    whyOff === undefined
      ? `the firmware starts ${verdicts.length} programs: ${verdicts.map(({ name, by }) => `${name} (by ${by})`).join(', ')}`
      : `not judged: ${whyOff}`
  return { name: 'secure boot', ok: true, detail }
}

function factsOf({ name, kind, sha256, by }: SignedProgram): SignedFile {
  return { path: name, kind, authenticodeSha256: sha256, by }
}

const NO_SHIM =
  'the guest has no shim, so the firmware itself judges all that starts: a kernel or boot loader that the guest installs later starts only when you have signed it'
