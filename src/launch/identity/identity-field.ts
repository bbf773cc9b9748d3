/**
 * The values that a launch gives to a confidential guest and that its hardware reports.
 *
 * Sizes. TDX: TDH.MNG.INIT takes three fields of 48 bytes (Intel TDX Module, TD_PARAMS). SEV-SNP: HOST_DATA has 32 bytes, the two
 * ids of the ID block 16 each (AMD 56860, SEV Secure Nested Paging Firmware ABI, SNP_LAUNCH_FINISH and ATTESTATION_REPORT).
 */
export const IDENTITY_FIELDS = {
  mrowner: {
    title: 'MROWNER',
    sizeBytes: 48,
    digest: 'sha384',
    where: 'TD quote v4 at byte 280, TDREPORT at byte 624 (0x270)',
  },
  mrconfigid: {
    title: 'MRCONFIGID',
    sizeBytes: 48,
    digest: 'sha384',
    where: 'TD quote v4 at byte 232, TDREPORT at byte 576 (0x240)',
  },
  mrownerconfig: {
    title: 'MROWNERCONFIG',
    sizeBytes: 48,
    digest: 'sha384',
    where: 'TD quote v4 at byte 328, TDREPORT at byte 672 (0x2a0)',
  },
  'host-data': {
    title: 'HOST_DATA',
    sizeBytes: 32,
    digest: 'sha256',
    where: 'SEV-SNP report at byte 192 (0xc0)',
  },
  'family-id': {
    title: 'FAMILY_ID',
    sizeBytes: 16,
    digest: undefined,
    where: 'ID block at byte 48, SEV-SNP report at byte 16 (0x10)',
  },
  'image-id': {
    title: 'IMAGE_ID',
    sizeBytes: 16,
    digest: undefined,
    where: 'ID block at byte 64, SEV-SNP report at byte 32 (0x20)',
  },
} as const satisfies Readonly<Record<string, FieldFacts>>

export type IdentityField = keyof typeof IDENTITY_FIELDS

export interface FieldFacts {
  readonly title: string
  readonly sizeBytes: number
  /** What `file:`, `pubkey:` and `json:` make; undefined where no digest fits in. */
  readonly digest: 'sha384' | 'sha256' | undefined
  /** Where a quote or report shows the value; offsets from its first byte. */
  readonly where: string
}

/** A value, ready for a launch. */
export interface IdentityValue {
  readonly field: IdentityField
  /** Exactly as many as the field has. */
  readonly bytes: Buffer
  /** What it was made from, for a person: "SHA-384 of the 812 bytes of policy.txt". */
  readonly madeFrom: string
}
