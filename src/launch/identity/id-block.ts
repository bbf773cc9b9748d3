import { CvmError } from '../../model/errors.js'
import { policyProblems } from '../../model/snp-policy.js'

/**
 * The ID block of an SEV-SNP guest: what its owner signs. The firmware refuses a launch whose digest or policy differs.
 *
 * Source: AMD 56860, SNP_LAUNCH_FINISH, "Structure of the ID Block". 96 bytes, little-endian:
 *
 *      0  48  launch digest
 *     48  16  family id
 *     64  16  image id
 *     80   4  version of this structure, 1
 *     84   4  guest SVN
 *     88   8  policy
 */
export interface IdBlock {
  /** 48 bytes, as measured. */
  readonly launchDigest: Buffer
  /** 16 bytes; the owner's own choice, like imageId. */
  readonly familyId: Buffer
  readonly imageId: Buffer
  readonly version: number
  /** Security version of the guest, 32 bits: a verifier refuses older ones. */
  readonly guestSvn: number
  readonly policy: bigint
}

export const ID_BLOCK_BYTES = 96

/**
 * Builds the 96 bytes of an ID block of version 1.
 *
 * @throws {CvmError} IDENTITY_INVALID for a policy or a digest that the firmware refuses.
 */
export function idBlock(content: Omit<IdBlock, 'version'>): Buffer {
  const { launchDigest, familyId, imageId, guestSvn, policy } = content
  assertSize('launch digest', launchDigest, 48)
  assertSize('family id', familyId, 16)
  assertSize('image id', imageId, 16)
  const [problem, ...lines] = idBlockProblems({ ...content, version: VERSION })
  if (problem !== undefined) {
    const next = 'The usual policy is 0x30000; docs/identity.md has its bits.'
    throw new CvmError('IDENTITY_INVALID', `no ID block can be made: ${problem}`, { lines, next })
  }
  const bytes = Buffer.alloc(ID_BLOCK_BYTES)
  launchDigest.copy(bytes, OFFSET.launchDigest)
  familyId.copy(bytes, OFFSET.familyId)
  imageId.copy(bytes, OFFSET.imageId)
  bytes.writeUInt32LE(VERSION, OFFSET.version)
  bytes.writeUInt32LE(guestSvn, OFFSET.guestSvn)
  bytes.writeBigUInt64LE(policy, OFFSET.policy)
  return bytes
}

/** @throws {CvmError} IDENTITY_INVALID when it has not 96 bytes. */
export function readIdBlock(bytes: Buffer): IdBlock {
  if (bytes.length !== ID_BLOCK_BYTES) {
    throw new CvmError('IDENTITY_INVALID', `an ID block has ${ID_BLOCK_BYTES} bytes, and this has ${bytes.length}`)
  }
  return {
    launchDigest: bytes.subarray(OFFSET.launchDigest, OFFSET.familyId),
    familyId: bytes.subarray(OFFSET.familyId, OFFSET.imageId),
    imageId: bytes.subarray(OFFSET.imageId, OFFSET.version),
    version: bytes.readUInt32LE(OFFSET.version),
    guestSvn: bytes.readUInt32LE(OFFSET.guestSvn),
    policy: bytes.readBigUInt64LE(OFFSET.policy),
  }
}

/** Why the firmware would refuse it, whatever the guest is. */
export function idBlockProblems({ launchDigest, version, guestSvn, policy }: IdBlock): readonly string[] {
  return [
    ...(version === VERSION ? [] : [`the version of the ID block is ${version} and not ${VERSION}`]),
    ...(launchDigest.every((byte) => byte === 0) ? ['the launch digest is all zeros, which no guest has'] : []),
    ...(Number.isInteger(guestSvn) && guestSvn >= 0 && guestSvn < 2 ** 32 ? [] : ['the guest SVN has not 32 bits']),
    ...policyProblems(policy),
  ]
}

function assertSize(what: string, { length }: Buffer, sizeBytes: number): void {
  if (length !== sizeBytes) {
    throw new CvmError('IDENTITY_INVALID', `a ${what} has ${sizeBytes} bytes, and this has ${length}`)
  }
}

const VERSION = 1
const OFFSET = { launchDigest: 0, familyId: 48, imageId: 64, version: 80, guestSvn: 84, policy: 88 } as const
