import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'

export type PublicKeyReading =
  | {
      readonly ok: true
      /** SubjectPublicKeyInfo, as `openssl pkey -pubin -outform DER` writes it. */
      readonly der: Buffer
      /** Of which kind: "EC secp384r1", "RSA 3072 bits". */
      readonly kind: string
      readonly fromCertificate: boolean
    }
  | { readonly ok: false; readonly why: string; readonly next: string }

/** The public key of a PEM file that holds one public key or one certificate. A private key is never read. */
export function readPublicKey(pem: string): PublicKeyReading {
  const labels = [...pem.matchAll(/-----BEGIN ([^-\n]+)-----/g)].map(([, label = '']) => label)
  if (labels.some((label) => label.endsWith('PRIVATE KEY'))) {
    return refused('it holds a private key', 'Give the public one: openssl pkey -in KEY -pubout -out public.pem')
  }
  const [label, ...more] = labels
  if (label === undefined) {
    return /^(?:ssh|ecdsa|sk)-\S+ /.test(pem)
      ? refused('it is a key in the form of OpenSSH', 'Convert it: ssh-keygen -e -m PKCS8 -f KEY.pub > public.pem')
      : refused('it has no PEM block', 'Give a file with -----BEGIN PUBLIC KEY----- or -----BEGIN CERTIFICATE-----.')
  }
  if (more.length > 0) {
    return refused(`it holds ${labels.length} PEM blocks`, 'Give a file with the one key or certificate that is meant.')
  }
  const isCertificate = label === 'CERTIFICATE'
  if (!isCertificate && label !== 'PUBLIC KEY' && label !== 'RSA PUBLIC KEY') {
    return refused(`it holds a ${label}`, 'Give a public key or a certificate.')
  }
  try {
    const key = isCertificate ? new X509Certificate(pem).publicKey : createPublicKey(pem)
    const der = key.export({ type: 'spki', format: 'der' })
    return { ok: true, der, kind: kindOf(key), fromCertificate: isCertificate }
  } catch {
    return refused(
      `its ${label} cannot be read`,
      `Look at it: openssl ${isCertificate ? 'x509' : 'pkey -pubin'} -text -in FILE`,
    )
  }
}

function kindOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  const bits = asymmetricKeyDetails?.modulusLength
  return [asymmetricKeyType?.toUpperCase(), asymmetricKeyDetails?.namedCurve, bits && `${bits} bits`]
    .filter(Boolean)
    .join(' ')
}

function refused(why: string, next: string): PublicKeyReading {
  return { ok: false, why, next }
}
