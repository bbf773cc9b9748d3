import type { ToolCall } from '../model/host.js'

/** An RSA 3072 private key, PEM (PKCS#8), readable by its owner only: OpenSSL makes key files so. */
export function generateKeyCall(keyFile: string): ToolCall {
  return openssl(['genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:3072', '-out', keyFile])
}

/** A request for a certificate; `openssl ca` takes no name from anywhere else. */
export function requestCall(keyFile: string, commonName: string, requestFile: string): ToolCall {
  return openssl([
    ...['req', '-new', '-sha256', '-batch'],
    // Else a configuration of this host decides what stands in the request.
    ...['-config', '/dev/null', '-subj', `/CN=${commonName}`],
    ...['-key', keyFile, '-out', requestFile],
  ])
}

/** All files are names in `dir`. */
export interface SelfSigning {
  readonly dir: string
  readonly configFile: string
  readonly keyFile: string
  readonly requestFile: string
  readonly certificateFile: string
  readonly notBefore: Date
  readonly notAfter: Date
  /** Section of the configuration with the extensions. */
  readonly extensions: string
}

/** A self-signed certificate with dates that are given: before version 3.4 only `openssl ca` can do that. */
export function selfSignCall(input: SelfSigning): ToolCall {
  const { args } = openssl([
    ...['ca', '-selfsign', '-batch', '-notext', '-rand_serial', '-md', 'sha256'],
    ...['-config', input.configFile, '-extensions', input.extensions],
    ...['-startdate', asn1Time(input.notBefore), '-enddate', asn1Time(input.notAfter)],
    ...['-keyfile', input.keyFile, '-in', input.requestFile, '-out', input.certificateFile],
  ])
  return { tool: 'openssl', args, cwd: input.dir }
}

/**
 * What `openssl ca` needs to know; it keeps its book in the directory where it runs, which must have an empty index.txt.
 *
 * Source: openssl-ca(1), x509v3_config(5).
 */
export const SELF_SIGN_CONFIG = `[ca]
default_ca = own
[own]
database = index.txt
serial = serial
new_certs_dir = .
unique_subject = no
policy = only_name
[only_name]
commonName = supplied
[keys]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
subjectKeyIdentifier = hash
[code]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = codeSigning
subjectKeyIdentifier = hash
`

export interface SignatureFiles {
  /** PKCS#7, DER. */
  readonly signatureFile: string
  /** What the signature covers. */
  readonly contentFile: string
  /** The only certificate that is trusted, PEM. */
  readonly anchorFile: string
}

/**
 * Verifies a PKCS#7 signature, and the chain from its signer to one certificate, as edk2 does: that certificate need not be a
 * root, dates and purposes do not count. Exit code 0: it holds; 4 (or 2): it does not.
 *
 * Source: openssl-smime(1); edk2, CryptoPkg, Pkcs7Verify(): X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME, X509_PURPOSE_ANY.
 */
export function verifySignatureCall({ signatureFile, contentFile, anchorFile }: SignatureFiles): ToolCall {
  return openssl([
    ...['smime', '-verify', '-binary', '-inform', 'DER', '-in', signatureFile, '-content', contentFile],
    // Without the two "no" options certificates of this host would be trusted, too.
    ...['-CAfile', anchorFile, '-no-CApath', '-no-CAstore'],
    ...['-partial_chain', '-no_check_time', '-purpose', 'any', '-out', '/dev/null'],
  ])
}

function openssl(args: readonly string[]): ToolCall {
  return { tool: 'openssl', args }
}

/** YYYYMMDDHHMMSSZ */
function asn1Time(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`
}
