import { printable } from '../guest/printable.js'
import type { IdAuth } from '../launch/identity/id-auth.js'
import type { IdBlock } from '../launch/identity/id-block.js'
import { IDENTITY_FIELDS, type IdentityValue } from '../launch/identity/identity-field.js'
import { policyText, policyWords } from '../model/snp-policy.js'
import { colour } from './colours.js'

export interface ShownIdentity {
  readonly values: readonly IdentityValue[]
  readonly block?: { readonly content: IdBlock; readonly bytes: Buffer }
  readonly auth?: IdAuth
  /** Why the firmware would refuse the ID block. */
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

export interface MadeIdentity {
  readonly paths: { readonly block: string; readonly auth: string }
  readonly newKey?: string
  readonly block: { readonly content: IdBlock; readonly bytes: Buffer }
  readonly auth: { readonly content: IdAuth; readonly bytes: Buffer }
  readonly warnings: readonly string[]
}

export function shownText({ values, block, auth, warnings }: ShownIdentity): string {
  return [
    ...values.map(valueText),
    ...(block ? [blockText(block.content, block.bytes)] : []),
    ...(auth ? [authText(auth)] : []),
    ...warnings.map(warningText),
  ].join('\n')
}

export function madeText({ paths, newKey, block, auth, warnings }: MadeIdentity): string {
  return [
    ...(newKey === undefined
      ? []
      : [`${colour.green.bold('made')} ${printable(newKey)}: the id key; keep it secret\n`]),
    `${colour.green.bold('made')} ${printable(paths.block)} (${block.bytes.length} bytes)\n`,
    `${colour.green.bold('made')} ${printable(paths.auth)} (${auth.bytes.length} bytes)\n`,
    '\n',
    blockText(block.content, block.bytes),
    '\n',
    authText(auth.content),
    row('base64', auth.bytes.toString('base64')),
    ...warnings.map((warning) => `\n${warningText(warning)}`),
  ].join('')
}

/** Of `identity show --json`. */
export function shownObject({
  values,
  block,
  auth,
  problems,
  warnings,
}: ShownIdentity): Readonly<Record<string, unknown>> {
  return {
    outcome: problems.length === 0 ? 'ok' : 'problems',
    values: values.map(({ field, bytes, madeFrom }) => ({ field, ...encodings(bytes), madeFrom: printable(madeFrom) })),
    ...(block ? { idBlock: blockObject(block.content, block.bytes) } : {}),
    ...(auth ? { idAuth: authObject(auth) } : {}),
    problems,
    warnings,
  }
}

/** Of `identity make --json`. */
export function madeObject({ paths, newKey, block, auth, warnings }: MadeIdentity): Readonly<Record<string, unknown>> {
  return {
    outcome: 'ok',
    files: { idBlock: paths.block, idAuth: paths.auth, ...(newKey === undefined ? {} : { newKey }) },
    idBlock: blockObject(block.content, block.bytes),
    idAuth: { base64: auth.bytes.toString('base64'), ...authObject(auth.content) },
    warnings,
  }
}

function valueText({ field, bytes, madeFrom }: IdentityValue): string {
  const { title, where } = IDENTITY_FIELDS[field]
  return [
    `${colour.bold(title)}: ${printable(madeFrom)}\n`,
    row('hex', bytes.toString('hex')),
    row('base64', bytes.toString('base64')),
    row('seen in', where),
  ].join('')
}

function blockText(block: IdBlock, bytes: Buffer): string {
  return [
    `${colour.bold('ID block')}\n`,
    row('launch digest', block.launchDigest.toString('hex')),
    row('family id', idText(block.familyId)),
    row('image id', idText(block.imageId)),
    row('guest SVN', String(block.guestSvn)),
    row('policy', `${policyText(block.policy)}: ${policyWords(block.policy).join(', ')}`),
    row('base64', bytes.toString('base64')),
  ].join('')
}

function authText({ idKeyDigest, authorKeyDigest, blockSignatureHolds, idKeySignatureHolds }: IdAuth): string {
  return [
    `${colour.bold('ID authentication')}\n`,
    row('id key digest', idKeyDigest.toString('hex')),
    row('author digest', authorKeyDigest?.toString('hex') ?? 'no author key'),
    row('block signed', holdsText(blockSignatureHolds, 'not checked: it takes both files')),
    ...(authorKeyDigest === undefined
      ? []
      : [row('id key signed', holdsText(idKeySignatureHolds, 'no: the key is unusable'))]),
  ].join('')
}

function holdsText(holds: boolean | undefined, otherwise: string): string {
  if (holds === undefined) return otherwise
  return holds ? 'yes, verified' : colour.red('no: the signature does not fit')
}

/** Hex, and the text that it may be, padded with zeros. */
function idText(bytes: Buffer): string {
  const text = bytes.toString('utf8').replace(/\0+$/, '')
  const isText = text !== '' && !/[\p{C}\ufffd]/u.test(text)
  return isText ? `${bytes.toString('hex')} (${JSON.stringify(text)})` : bytes.toString('hex')
}

function row(name: string, value: string): string {
  return `  ${name.padEnd(13)}  ${value}\n`
}

function warningText(warning: string): string {
  return `${colour.yellow('warning')} ${warning}\n`
}

function blockObject(block: IdBlock, bytes: Buffer): Readonly<Record<string, unknown>> {
  return {
    ...encodings(bytes),
    launchDigest: block.launchDigest.toString('hex'),
    familyId: block.familyId.toString('hex'),
    imageId: block.imageId.toString('hex'),
    version: block.version,
    guestSvn: block.guestSvn,
    policy: policyText(block.policy),
    policyWords: policyWords(block.policy),
  }
}

function authObject(auth: IdAuth): Readonly<Record<string, unknown>> {
  return {
    idKeyDigest: auth.idKeyDigest.toString('hex'),
    authorKeyDigest: auth.authorKeyDigest?.toString('hex') ?? null,
    blockSignatureHolds: auth.blockSignatureHolds ?? null,
    idKeySignatureHolds: auth.idKeySignatureHolds ?? null,
  }
}

function encodings(bytes: Buffer): { readonly hex: string; readonly base64: string } {
  return { hex: bytes.toString('hex'), base64: bytes.toString('base64') }
}
