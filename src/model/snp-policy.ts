/** What QEMU takes when nothing is said: SMT allowed, and the bit that must be 1. Source: QEMU, sev-snp-guest, `policy`. */
export const DEFAULT_SNP_POLICY = 0x30000n

/** The guest policy of SEV-SNP in words, one for each thing that it says. Source: AMD 56860, 4.3 Guest Policy. */
export function policyWords(policy: bigint): readonly string[] {
  const major = (policy >> 8n) & 0xffn
  const minor = policy & 0xffn
  return [
    major === 0n && minor === 0n ? 'any version of the firmware' : `firmware ABI ${major}.${minor} or later`,
    isSet(policy, 16) ? 'SMT allowed' : 'only with SMT off',
    ...FLAGS.filter(([bit]) => isSet(policy, bit)).map(([, words]) => words),
  ]
}

/** What makes the firmware refuse the policy; empty when it is sound. */
export function policyProblems(policy: bigint): readonly string[] {
  return [
    ...(policy < 0n || policy >> 64n !== 0n ? ['the policy has more than 64 bits'] : []),
    ...(isSet(policy, 17) ? [] : ['bit 17 of the policy must be 1 (0x20000)']),
    ...(policy >> BigInt(FIRST_RESERVED_BIT) === 0n
      ? []
      : [`bits ${FIRST_RESERVED_BIT} to 63 of the policy must be 0`]),
  ]
}

/** What nobody wants in production, though the firmware takes it. */
export function policyWarnings(policy: bigint): readonly string[] {
  return isSet(policy, DEBUG_BIT)
    ? ['the policy allows debugging (bit 19): the host can read and change the memory of the guest']
    : []
}

/** `0x30000`: as QEMU and libvirt take it. */
export function policyText(policy: bigint): string {
  return `0x${policy.toString(16)}`
}

function isSet(policy: bigint, bit: number): boolean {
  return ((policy >> BigInt(bit)) & 1n) === 1n
}

const DEBUG_BIT = 19
/** Bits 21 to 25 came with ABI 1.55 and later; older firmware refuses them. */
const FLAGS: readonly (readonly [number, string])[] = [
  [18, 'a migration agent allowed'],
  [DEBUG_BIT, 'debugging allowed'],
  [20, 'one socket only'],
  [21, 'CXL devices and memory allowed'],
  [22, 'memory encrypted with AES-256-XTS'],
  [23, 'RAPL (power measurement) off'],
  [24, 'ciphertext hidden from the host'],
  [25, 'no page swapping'],
]
const FIRST_RESERVED_BIT = 26
