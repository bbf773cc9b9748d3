import { generateKeyPairSync } from 'node:crypto'

/** A fresh private key on P-384, in PEM (PKCS #8). */
export function newP384Key(): Buffer {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp384r1' })
  return Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' }))
}
