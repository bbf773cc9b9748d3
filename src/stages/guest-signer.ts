import { certificateDoubts } from '../firmware/secure-boot/certificate-doubts.js'
import { type CertificateFacts, shortName } from '../firmware/secure-boot/certificate-facts.js'
import {
  sharesKeyWith,
  shimRefusal,
  type TrustedBy,
  trustedBy,
  withMok,
} from '../firmware/secure-boot/certificate-trust.js'
import { DEFAULT_OWNER } from '../firmware/secure-boot/enrollment.js'
import { secureBootMode } from '../firmware/secure-boot/secure-boot-mode.js'
import type { FirmwareVariable } from '../firmware/variable.js'
import { KERNEL_SIGNER_DIR } from '../guest/kernel-signer.js'
import { CvmError } from '../model/errors.js'
import type { GuestSignerPlan } from '../model/wishes.js'
import { readSigner } from './firmware-sign.js'

/** Who will sign kernels inside of the guest. */
export interface GuestSigner {
  readonly keyFile: string
  readonly certificateFile: string
  readonly certificate: CertificateFacts
  readonly trustedBy: TrustedBy
}

export interface GuestSignerReading {
  readonly signer: GuestSigner
  /** With its certificate in MokList, where nothing else stands for it. */
  readonly variables: readonly FirmwareVariable[]
  /** What a person has to know who puts a private key into an image. */
  readonly notes: readonly string[]
}

/**
 * Checks the key and the certificate that a guest is to get, and sees to it that shim trusts what it signs.
 *
 * @throws {CvmError} KEYS_REFUSED for a pair that cannot sign, or that shim would refuse; INPUT_*.
 */
export async function readGuestSigner(
  { key, cert }: GuestSignerPlan,
  before: readonly FirmwareVariable[],
  now: Date,
): Promise<GuestSignerReading> {
  const { certificate } = await readSigner({ keyFile: key, certificateFile: cert })
  const refusal = shimRefusal(certificate, before)
  if (refusal !== undefined)
    throw new CvmError('KEYS_REFUSED', `secure-boot.guest-signer ${cert}: the certificate ${refusal}`, {
      next: 'Give the guest another key; nothing was written.',
    })
  const already = trustedBy(certificate, before)
  const variables = already === undefined ? withMok(before, certificate, DEFAULT_OWNER) : before
  const signer = { keyFile: key, certificateFile: cert, certificate, trustedBy: already ?? 'MokList' } as const
  const doubts = certificateDoubts(certificate, now).map((doubt) => `${WHAT} ${cert}: the certificate ${doubt}`)
  return { signer, variables, notes: [...doubts, ...riskNotes(signer, variables)] }
}

function riskNotes(
  { certificate, trustedBy: where }: GuestSigner,
  variables: readonly FirmwareVariable[],
): readonly string[] {
  const name = shortName(certificate)
  const shared = sharesKeyWith(certificate, variables)
  const powerful = shared.length > 0 ? `has the key of ${shared.join(' and ')}` : 'is trusted by db'
  return [
    `${WHAT}: the private key of ${name} is put into the image (${KERNEL_SIGNER_DIR}, root only): whoever can read the disk, or gets root in the guest, has it. The image is readable by you alone`,
    ...(shared.length > 0 || where === 'db'
      ? [
          `${WHAT}: WARNING: ${name} ${powerful}, so root in the guest can sign whatever the firmware starts, boot loaders too; give a key of its own, which then is in MokList only`,
        ]
      : []),
    ...(secureBootMode(variables).on ? [] : [`${WHAT}: Secure Boot is off in this firmware, so nothing is checked`]),
  ]
}

const WHAT = 'secure-boot.guest-signer'
