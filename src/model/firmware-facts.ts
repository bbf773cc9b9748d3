/** A firmware that lies beside the output, as the report tells it. */
export interface FirmwareFacts {
  readonly path: string
  readonly sha256: string
  readonly kind: 'variables' | 'image'
  /** The file that it was made from. */
  readonly template: string
  /** The code that belongs to variables. */
  readonly code?: string
  /** The firmware checks what it starts. */
  readonly secureBoot: boolean
  /** Names of variables. */
  readonly set: readonly string[]
  readonly deleted: readonly string[]
  readonly signed: readonly SignedFile[]
  /** A private key is in the image. */
  readonly guestSigner?: GuestSignerFacts
}

/** Who signs kernels that the guest installs later. */
export interface GuestSignerFacts {
  /** Subject of the certificate. */
  readonly certificate: string
  readonly fingerprintSha256: string
  /** The variable that makes what is signed under it start: `db` (firmware and shim) or `MokList` (shim). */
  readonly trustedBy: 'db' | 'MokList'
  /** Paths in the guest. */
  readonly privateKey: string
  readonly hooks?: readonly string[]
}

/** A program in the image that got a signature. */
export interface SignedFile {
  readonly path: string
  readonly kind: string
  /** Authenticode digest, hex: what db and dbx would name. */
  readonly authenticodeSha256: string
  /** Name of the certificate. */
  readonly by: string
}
