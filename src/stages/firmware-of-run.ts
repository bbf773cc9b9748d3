import { chmod, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { shortName } from '../firmware/secure-boot/certificate-facts.js'
import { KERNEL_SIGNER_KEY } from '../guest/kernel-signer.js'
import { findTool } from '../host/find-tool.js'
import { fitLaunch } from '../launch/fit-launch.js'
import { CvmError } from '../model/errors.js'
import type { Say } from '../model/events.js'
import type { FirmwareFacts, GuestSignerFacts } from '../model/firmware-facts.js'
import type { Plugin } from '../model/plugin.js'
import type { Collected, PlannedFirmware, PlannedLaunch, RewritePlan, RewriteRequest } from '../model/rewrite.js'
import type { Wishes } from '../model/wishes.js'
import { GUESTFISH } from '../tools/guestfish.js'
import type { ChainDisk } from './boot-chain-files.js'
import type { GuestSigner } from './guest-signer.js'
import { guestfishMissing } from './inside-image.js'
import { firmwareAskers, type OutputFirmware, outputFirmware } from './output-firmware.js'
import type { RunPlace } from './run-place.js'
import { type SignedChain, signBootChain, takesBootChain } from './sign-boot-chain.js'

export interface FirmwareSurvey {
  readonly request: RewriteRequest
  readonly wishes: Wishes
  readonly plugins: readonly Plugin[]
  readonly launch: PlannedLaunch | undefined
  readonly output: string
  /** The image is going to be started by a UEFI. */
  readonly wantsUefi: boolean
}

/**
 * What will be published as firmware, and every refusal that needs no boot.
 *
 * @throws {CvmError} LAUNCH_INVALID for an image that a BIOS starts; TOOL_MISSING; as `outputFirmware`.
 */
export async function surveyFirmware({ request, wishes, plugins, launch, output, wantsUefi }: FirmwareSurvey): Promise<{
  readonly planned?: PlannedFirmware
  readonly notes: readonly string[]
}> {
  if (wishes.secureBoot === undefined && wishes.firmwareVariables === undefined && request.firmwareImage === undefined)
    return { notes: [] }
  if (!wantsUefi) {
    const who = firmwareAskers(wishes)
    throw new CvmError(
      'LAUNCH_INVALID',
      'the image is started by a BIOS, which has neither Secure Boot nor variables',
      {
        why: `UEFI firmware is asked for by ${who.length === 0 ? '--firmware-image' : who.join(', ')}`,
        next: 'Take an image with an EFI system partition, or leave these plugins out with --skip.',
      },
    )
  }
  const input = {
    wishes,
    firmwareImage: request.firmwareImage,
    launch: launch?.settled.wishes ?? {},
    output,
    now: new Date(),
  }
  const firmware = await outputFirmware(input).catch((error: unknown) => {
    if (isYetToCome(error, wishes, plugins)) return undefined
    throw error
  })
  if (firmware === undefined) return { notes: [] }
  if (takesBootChain(firmware) && (await findTool(GUESTFISH)) === undefined) throw guestfishMissing()
  return { planned: plannedFirmware(firmware), notes: [...firmware.notes, ...chainNotes(firmware, wishes)] }
}

/** The firmware of the output, when host scripts have run. @throws {CvmError} as `outputFirmware`. */
export async function firmwareOfOutput(
  plan: RewritePlan,
  { wishes, launch }: Pick<Collected, 'wishes' | 'launch'>,
): Promise<OutputFirmware | undefined> {
  return await outputFirmware({
    wishes,
    firmwareImage: plan.firmwareImage,
    launch: fitLaunch([...launch, ...(plan.launch?.fromFile ?? [])]).wishes,
    output: plan.output,
    now: new Date(plan.startedAt),
  })
}

/** @throws {CvmError} as `signBootChain`. */
export async function signInRun(
  firmware: OutputFirmware,
  disk: Omit<ChainDisk, 'scratchDir'>,
  place: RunPlace,
  say: Say,
): Promise<SignedChain | undefined> {
  const scratchDir = join(place.workDir, 'boot-chain')
  await mkdir(scratchDir, { mode: 0o700 })
  // A libvirt of somebody else may have needed an image that all can read; it is done with it.
  if (firmware.guestSigner !== undefined) await chmod(dirname(disk.path), 0o700)
  return await signBootChain(firmware, { ...disk, scratchDir }, new Date(), say)
}

/** For the report. */
export function firmwareFacts(firmware: OutputFirmware, sha256: string, chain: SignedChain | undefined): FirmwareFacts {
  const { signs: _, certificate: __, ...facts } = plannedFirmware(firmware)
  const { guestSigner } = facts
  return {
    ...facts,
    sha256,
    signed: chain?.signed ?? [],
    ...(guestSigner === undefined ? {} : { guestSigner: { ...guestSigner, hooks: chain?.hooks ?? [] } }),
  }
}

function plannedFirmware(firmware: OutputFirmware): PlannedFirmware {
  const { path, kind, template, code, changes, state, signer, guestSigner } = firmware
  return {
    path,
    kind,
    template,
    ...(code === undefined ? {} : { code }),
    secureBoot: state.on,
    set: changes.set,
    deleted: changes.deleted,
    ...(signer === undefined ? {} : { signs: signer.what, certificate: signer.certificate.subject }),
    ...(guestSigner === undefined ? {} : { guestSigner: guestSignerFacts(guestSigner) }),
  }
}

function guestSignerFacts({ certificate, trustedBy }: GuestSigner): GuestSignerFacts {
  const { subject, fingerprintSha256 } = certificate
  return { certificate: subject, fingerprintSha256, trustedBy, privateKey: KERNEL_SIGNER_KEY }
}

/** What a person has to know who will run the image for years. */
function chainNotes({ signer, guestSigner, state }: OutputFirmware, { secureBoot }: Wishes): readonly string[] {
  if (signer === undefined || !state.on) return []
  const later =
    guestSigner === undefined
      ? 'kernels and boot loaders that the guest installs later are not signed with your key'
      : `kernels that the guest installs later are signed by the guest as ${shortName(guestSigner.certificate)}, boot loaders are not`
  const shim =
    secureBoot?.microsoft === true
      ? "; those of its distribution still start, because Microsoft's certificates are enrolled"
      : '; kernels of its distribution start through shim, but an update of shim itself needs your signature (or secure-boot.microsoft: true)'
  return [`Secure Boot: ${later}${shim}`]
}

/** A host script may still write it. */
function isYetToCome(error: unknown, wishes: Wishes, plugins: readonly Plugin[]): boolean {
  if (!(error instanceof CvmError)) return false
  const names = firmwareAskers(wishes)
  const hasScript = plugins.some(({ name, hostRun }) => names.includes(name) && hostRun !== undefined)
  return hasScript && [error, error.cause].some((each) => each instanceof CvmError && each.code === 'INPUT_NOT_FOUND')
}
