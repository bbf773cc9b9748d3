/** Signature lists for a person. */
import { type CertificateFacts, certificateFacts } from '../secure-boot/certificate-facts.js'
import { readSignatureLists, type Signature, signatureKind } from './signature-list.js'

/** One block of lines for each entry. @throws {RangeError} when the bytes are not signature lists. */
export function describeSignatureLists(data: Buffer): readonly string[] {
  const lists = readSignatureLists(data)
  if (lists.every(({ signatures }) => signatures.length === 0)) return ['no entries']
  return lists.flatMap(({ type, header, signatures }) => [
    ...(header.length === 0 ? [] : [`list header: ${header.toString('hex')}`]),
    ...signatures.flatMap((signature) => entryLines(type, signature)),
  ])
}

/** Subject, issuer, validity, fingerprint: four lines. */
export function certificateLines(facts: CertificateFacts): readonly string[] {
  const { subject, issuer, notBefore, notAfter, fingerprintSha256, key, signatureDigest } = facts
  return [
    `subject: ${subject}`,
    `issuer: ${issuer === subject ? 'itself' : issuer}`,
    `valid: ${day(notBefore)} to ${day(notAfter)}; ${key.kind}${key.bits === undefined ? '' : ` ${key.bits}`}, ${signatureDigest}`,
    `SHA-256 fingerprint: ${fingerprintSha256}`,
  ]
}

/** The owner's name, where it is a known one. */
export function ownerName(owner: string): string {
  const name = OWNERS[owner]
  return name === undefined ? owner : `${name} (${owner})`
}

function entryLines(type: string, { owner, data }: Signature): readonly string[] {
  const kind = signatureKind(type)
  const by = `owner ${ownerName(owner)}`
  if (kind === 'x509') return [`certificate, ${by}`, ...indented(x509Lines(data))]
  if (kind === 'x509Sha256' || kind === 'x509Sha384' || kind === 'x509Sha512') {
    const digest = data.subarray(0, Math.max(0, data.length - TIME_BYTES))
    return [`${kind.slice(4).toLowerCase()} of a certificate: ${digest.toString('hex')}, ${revoked(data)}, ${by}`]
  }
  if (kind === undefined || kind === 'pkcs7' || kind === 'rsa2048')
    return [`${kind ?? `unknown kind ${type}`}: ${data.length} bytes ${shortHex(data)}, ${by}`]
  const empty = kind === 'sha256' && data.toString('hex') === SHA256_OF_NOTHING
  return [`${kind}: ${data.toString('hex')}${empty ? ' (of no bytes: a filler)' : ''}, ${by}`]
}

function x509Lines(data: Buffer): readonly string[] {
  if (data.toString('latin1', 0, 11) === '-----BEGIN ')
    return ['this is PEM text; the firmware reads only DER, so the entry has no effect']
  try {
    return certificateLines(certificateFacts(data))
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return [`not a certificate that can be read (${why}): ${data.length} bytes ${shortHex(data)}`]
  }
}

/** EFI_TIME behind the digest. */
function revoked(data: Buffer): string {
  const time = data.subarray(-TIME_BYTES)
  if (time.length < TIME_BYTES || time.every((byte) => byte === 0)) return 'refused always'
  return `refused for what is signed after ${describeTime(time)}`
}

/** EFI_TIME: u16 year, then month, day, hour, minute, second. Source: UEFI 2.10, 8.3.1. The buffer must have 7 bytes. */
export function describeTime(time: Buffer): string {
  const part = (at: number) => String(time.readUInt8(at)).padStart(2, '0')
  const year = String(time.readUInt16LE(0)).padStart(4, '0')
  return `${year}-${part(2)}-${part(3)} ${part(4)}:${part(5)}:${part(6)}`
}

function day(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'unknown' : date.toISOString().slice(0, 10)
}

function shortHex(data: Buffer): string {
  return data.length > SHOWN_BYTES ? `${data.toString('hex', 0, SHOWN_BYTES)}…` : data.toString('hex')
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`)
}

/** What virt-firmware and Debian put into a dbx that has no entry of its own. */
export const SHA256_OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
/** Owner of the entries that Microsoft hands out. Source: Microsoft, "Windows Secure Boot Key Creation and Management Guidance". */
export const MICROSOFT_OWNER = '77fa9abd-0359-4d32-bd60-28f4e78f784b'

const OWNERS: Readonly<Record<string, string>> = {
  [MICROSOFT_OWNER]: 'Microsoft',
  'a0baa8a3-041d-48a8-bc87-c36d121b5e3d': 'virt-firmware',
  '605dab50-e046-4300-abb6-3dd810dd8b23': 'shim',
}
const TIME_BYTES = 16
const SHOWN_BYTES = 32
