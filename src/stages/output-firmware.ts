import { applyEdits } from '../firmware/edit-variables.js'
import { contentsBytes, type FirmwareContents, lintContents, withVariables } from '../firmware/firmware-contents.js'
import { lintTimeout } from '../firmware/lint-timeout.js'
import type { CertificateFacts } from '../firmware/secure-boot/certificate-facts.js'
import { DEFAULT_OWNER } from '../firmware/secure-boot/enrollment.js'
import { type SecureBootState, secureBootState } from '../firmware/secure-boot/secure-boot-state.js'
import type { FirmwareVariable } from '../firmware/variable.js'
import { changesBetween } from '../firmware/variable-changes.js'
import { usualPlaces } from '../launch/firmware-choice.js'
import type { FirmwareKind } from '../launch/firmware-descriptor.js'
import { uefiFiles } from '../launch/firmware-files.js'
import { CvmError } from '../model/errors.js'
import type { LaunchLayer, LaunchWishes } from '../model/launch.js'
import { firmwareImageOf, firmwareVarsOf } from '../model/output-names.js'
import type { SecureBootPlan, Wishes } from '../model/wishes.js'
import { bootMenuOf } from './boot-menu.js'
import { type Found, readEnrollment } from './firmware-enroll.js'
import { openFirmware } from './firmware-file.js'
import { assertSigner } from './firmware-sign.js'
import { type GuestSigner, readGuestSigner } from './guest-signer.js'
import { keyState } from './key-state.js'
import { keyVariablesIn, type VariableEdits, variableEdits } from './variable-wishes.js'

/** The firmware that an image is published with: in memory, complete and checked. */
export interface OutputFirmware {
  /** Where it will be. */
  readonly path: string
  /** `variables`: the second of two files; `image`: code and variables in one. */
  readonly kind: 'variables' | 'image'
  readonly format: 'raw' | 'qcow2'
  /** Raw also when the file is to be qcow2. */
  readonly bytes: Buffer
  /** The file that it was made from. */
  readonly template: string
  /** Of two files the other one. */
  readonly code?: string
  /** What the launch has to say of it, the weakest first. */
  readonly layers: readonly LaunchLayer[]
  readonly variables: readonly FirmwareVariable[]
  readonly state: SecureBootState
  readonly changes: { readonly set: readonly string[]; readonly deleted: readonly string[] }
  /** Who signs what the guest boots; absent when nobody does. */
  readonly signer?: {
    readonly keyFile: string
    readonly certificateFile: string
    readonly certificate: CertificateFacts
    readonly what: NonNullable<SecureBootPlan['sign']>['what']
  }
  /** Who signs in the guest, later. */
  readonly guestSigner?: GuestSigner
  readonly notes: readonly string[]
}

export interface OutputFirmwareInput {
  readonly wishes: Pick<Wishes, 'secureBoot' | 'firmwareVariables'>
  /** `--firmware-image`, absolute. */
  readonly firmwareImage: string | undefined
  /** Of plugins and of --launch, settled. */
  readonly launch: LaunchWishes
  readonly output: string
  readonly now: Date
}

/**
 * Makes the firmware of the output, in memory; undefined when nobody wants anything of it.
 *
 * @throws {CvmError} LAUNCH_INVALID for a launch that cannot have it; KEYS_REFUSED, VARIABLE_STORE_DAMAGED with all problems of
 * keys and variables; what reading firmware, certificates and keys throws.
 */
export async function outputFirmware(input: OutputFirmwareInput): Promise<OutputFirmware | undefined> {
  const { wishes, output, now } = input
  const { secureBoot, firmwareVariables } = wishes
  if (secureBoot === undefined && firmwareVariables === undefined && input.firmwareImage === undefined) return undefined
  const template = await templateOf(input)
  const file = await openFirmware(template.path)
  if (file.format === 'json')
    throw new CvmError('FIRMWARE_FILE_REFUSED', `${template.path} is no firmware file`, {
      why: 'it is the JSON form of variables, which QEMU does not start from',
    })
  assertKind(file.contents, template)
  const before = file.contents.variables
  keyState(before, template.path)

  const wanted = firmwareVariables === undefined ? NO_EDITS : await variableEdits(firmwareVariables, before)
  const found: Found = { problems: [...wanted.problems], missing: [...wanted.missing], doubts: [], notes: [] }
  const edited = applyEdits(before, wanted.edits)
  const keys = secureBoot !== undefined && signsOnly(secureBoot) ? undefined : secureBoot
  const withKeys = keys === undefined ? edited : await enrolledIn(edited, keys, now, found)
  if (keys !== undefined) {
    for (const name of keyVariablesIn(wanted.edits))
      found.problems.push(`firmware-variables.${name}: secure-boot decides this variable`)
  }
  refuse(found.problems, found.missing)
  const later =
    secureBoot?.guestSigner === undefined
      ? undefined
      : await inWordsOf('guest-signer', readGuestSigner(secureBoot.guestSigner, withKeys, now))
  const enrolled = later?.variables ?? withKeys
  const after = withVariables(file.contents, enrolled)
  const findings = lintContents(after)
  refuse(findings.flatMap(({ severity, text }) => (severity === 'problem' ? [text] : [])))
  // What becomes of a Timeout is told with the boot menu of the launch.
  const known = new Set([...lintContents(file.contents), ...lintTimeout(after.variables)].map(({ text }) => text))
  const hints = findings.map(({ text }) => text).filter((text) => !known.has(text))
  const menu = bootMenuOf({
    plan: firmwareVariables,
    edits: wanted.edits,
    variables: after.variables,
    launch: input.launch,
  })

  const state = secureBootState(after.variables)
  const signer = secureBoot?.sign === undefined ? undefined : await signerOf(secureBoot.sign)
  const changes = changesBetween(before, after.variables)
  const path = template.kind === 'image' ? firmwareImageOf(output) : firmwareVarsOf(output)
  return {
    path,
    kind: template.kind,
    format: file.format,
    bytes: contentsBytes(after),
    template: template.path,
    ...(template.kind === 'image' ? {} : { code: template.code }),
    layers: [{ origin: originOf(wishes), wishes: launchOf(template, path, state) }, ...menu.layers],
    variables: after.variables,
    state,
    changes: {
      set: [...changes.added, ...changes.changed.map((each) => each.after)].map(({ name }) => name).sort(),
      deleted: changes.removed.map(({ name }) => name),
    },
    ...(signer === undefined ? {} : { signer }),
    ...(later === undefined ? {} : { guestSigner: later.signer }),
    notes: [
      ...found.doubts,
      ...found.notes,
      ...(later?.notes ?? []),
      ...[...menu.notes, ...hints].map((text) => `firmware: ${text}`),
    ],
  }
}

const NO_EDITS: VariableEdits = { edits: [], problems: [], missing: [] }

type Template =
  | { readonly kind: 'image'; readonly path: string }
  | { readonly kind: 'variables'; readonly path: string; readonly code: string; readonly smm: boolean }

/** What the launch will start from: as asked, else what this machine has. */
async function templateOf({ wishes, firmwareImage, launch }: OutputFirmwareInput): Promise<Template> {
  const image = firmwareImage ?? launch.firmwareImage
  assertPossible(wishes, launch, image)
  if (image !== undefined) {
    const rom = await uefiFiles({ firmwareImage: image })
    return { kind: 'image', path: rom.kind === 'rom' ? rom.path : image }
  }
  const { firmwareCode, firmwareVars, secureBoot } = launch
  const files = await uefiFiles(
    {
      ...(firmwareCode === undefined ? {} : { firmwareCode }),
      ...(firmwareVars === undefined ? {} : { firmwareVars }),
    },
    usualPlaces(process.env),
    kindFor(wishes.secureBoot, secureBoot === true),
  )
  if (files.kind !== 'uefi') throw new Error('two files were asked for')
  return { kind: 'variables', path: files.vars, code: files.code, smm: files.smm }
}

/** Keys that are there stay for those who bring none: a MokList alone is for a guest that Microsoft's keys start. */
function kindFor(plan: SecureBootPlan | undefined, wantsSecureBoot: boolean): FirmwareKind {
  const bringsKeys = plan !== undefined && (plan.pk !== undefined || plan.db.length > 0 || plan.microsoft)
  if (bringsKeys) return 'own-keys'
  if (wantsSecureBoot) return 'secure-boot'
  return plan === undefined || signsOnly(plan) ? 'plain' : 'own-keys'
}

/** The keys are those that the firmware has. */
function signsOnly({ sign, guestSigner, pk, kek, db, dbx, mok, microsoft }: SecureBootPlan): boolean {
  const bringsNone = pk === undefined && !microsoft && [kek, db, dbx, mok].every((each) => each.length === 0)
  return bringsNone && (sign !== undefined || guestSigner !== undefined)
}

/** @throws {CvmError} LAUNCH_INVALID. */
function assertPossible(
  { secureBoot }: OutputFirmwareInput['wishes'],
  launch: LaunchWishes,
  image: string | undefined,
): void {
  const refused = (message: string, why: string, next: string) => new CvmError('LAUNCH_INVALID', message, { why, next })
  if (launch.firmware === 'bios')
    throw refused(
      'firmware variables are asked for, and the launch has a BIOS',
      'only UEFI has variables',
      'Leave vm.firmware out, or leave secure-boot and firmware-variables out.',
    )
  if (secureBoot !== undefined && launch.secureBoot === false)
    throw refused(
      'Secure Boot keys are given, and the launch wants no Secure Boot',
      `secure-boot is asked for by ${secureBoot.plugins.join(', ')}; vm.secure-boot is false`,
      'Leave one of them out.',
    )
  if ((launch.tee === 'tdx' || launch.tee === 'snp') && image === undefined)
    throw refused(
      `a guest of the kind ${launch.tee} takes no separate file of variables`,
      'its code and variables have to be in one file, which is measured',
      'Give the firmware: --firmware-image OVMF.fd',
    )
}

function assertKind(contents: FirmwareContents, { kind, path }: Template): void {
  if (kind !== 'image' || contents.kind === 'single-file') return
  throw new CvmError('FIRMWARE_FILE_REFUSED', `${path} is not a whole firmware`, {
    why: 'it holds variables only',
    next: 'Give code and variables in one file, such as OVMF.fd.',
  })
}

async function enrolledIn(
  variables: readonly FirmwareVariable[],
  { pk, kek, db, dbx, mok, microsoft }: SecureBootPlan,
  now: Date,
  found: Found,
): Promise<readonly FirmwareVariable[]> {
  const words = (asked: typeof kek) => asked.map(({ word }) => word)
  const request = {
    pk: pk?.word,
    kek: words(kek),
    db: words(db),
    dbx: words(dbx),
    mok: words(mok),
    microsoft,
    owner: DEFAULT_OWNER,
    now,
  }
  const enrollment = await readEnrollment(request, variables, found)
  if (found.problems.length === 0) found.problems.push(...enrollment.problems)
  for (const list of [found.problems, found.doubts]) list.splice(0, list.length, ...list.map(inPluginWords))
  found.notes.push(...enrollment.notes)
  return enrollment.after
}

async function signerOf({ key, cert, what }: NonNullable<SecureBootPlan['sign']>) {
  const certificate = await inWordsOf('sign', assertSigner({ keyFile: key, certificateFile: cert }))
  return { keyFile: key, certificateFile: cert, certificate, what }
}

async function inWordsOf<Value>(signer: 'sign' | 'guest-signer', reading: Promise<Value>): Promise<Value> {
  return await reading.catch((error: unknown) => {
    if (!(error instanceof CvmError)) throw error
    const { code, message, why, next, cause } = error
    const words = message.replace(/^--(key|cert)(?= )/, `secure-boot.${signer}.$1`)
    throw new CvmError(code, words, {
      ...(why === undefined ? {} : { why }),
      ...(next === undefined ? {} : { next }),
      cause,
    })
  })
}

/** What reads keys says where they are from as its command line does. */
function inPluginWords(text: string): string {
  return text.replace(/^--(pk|kek|db|dbx|mok)(?=[ :])/, 'secure-boot.$1')
}

/** @throws {CvmError} KEYS_REFUSED; its cause is INPUT_NOT_FOUND when nothing is wrong but files that are not there. */
function refuse(problems: readonly string[], missing: readonly CvmError[] = []): void {
  const [first] = problems
  if (first === undefined) return
  const cause = missing.length === problems.length ? missing[0] : undefined
  const next = 'Mend what the plugins ask for; nothing was written.'
  if (problems.length === 1) throw new CvmError('KEYS_REFUSED', first, { next, cause })
  const message = `${problems.length} problems with keys and firmware variables`
  throw new CvmError('KEYS_REFUSED', message, { lines: problems, next, cause })
}

function launchOf(template: Template, path: string, { on }: SecureBootState): LaunchWishes {
  if (template.kind === 'image') return { firmware: 'rom', firmwareImage: path }
  return {
    firmware: 'uefi',
    firmwareCode: template.code,
    firmwareVars: path,
    ...(on || template.smm ? { secureBoot: true } : {}),
  }
}

/** Names of the plugins that want something of the firmware. */
export function firmwareAskers({ secureBoot, firmwareVariables }: OutputFirmwareInput['wishes']): readonly string[] {
  const ofVariables = (firmwareVariables?.variables ?? []).flatMap(({ plugins }) => plugins)
  return [...new Set([...(secureBoot?.plugins ?? []), ...ofVariables])]
}

function originOf(wishes: OutputFirmwareInput['wishes']): string {
  const plugins = firmwareAskers(wishes).map((name) => `${name}/plugin.yaml`)
  return plugins.length === 0 ? '--firmware-image' : plugins.join(', ')
}
