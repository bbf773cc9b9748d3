/**
 * The largest file that a seed disk can carry: sizes in ISO 9660 have 32 bits, and genisoimage 1.1.11 keeps a block of 2048 bytes
 * for itself, whatever its -iso-level.
 */
export const SEED_FILE_LIMIT_BYTES = 2 ** 32 - 2048
