import { describe, expect, it } from 'vitest'
import {
  DEFAULT_SNP_POLICY,
  policyProblems,
  policyText,
  policyWarnings,
  policyWords,
} from '../../../src/model/snp-policy.js'

describe('the guest policy of SEV-SNP', () => {
  it('reads in words, bit by bit', () => {
    expect(policyWords(DEFAULT_SNP_POLICY)).toEqual(['any version of the firmware', 'SMT allowed'])
    expect(policyWords(0x20137n)).toEqual(['firmware ABI 1.55 or later', 'only with SMT off'])
    expect(policyWords(0x3ff0000n)).toEqual([
      'any version of the firmware',
      'SMT allowed',
      'a migration agent allowed',
      'debugging allowed',
      'one socket only',
      'CXL devices and memory allowed',
      'memory encrypted with AES-256-XTS',
      'RAPL (power measurement) off',
      'ciphertext hidden from the host',
      'no page swapping',
    ])
  })

  it('is refused without bit 17, and with bits that mean nothing', () => {
    expect(policyProblems(DEFAULT_SNP_POLICY)).toEqual([])
    expect(policyProblems(0x10000n)).toEqual(['bit 17 of the policy must be 1 (0x20000)'])
    expect(policyProblems(0x4020000n)).toEqual(['bits 26 to 63 of the policy must be 0'])
    expect(policyProblems(1n << 64n)).toContain('the policy has more than 64 bits')
  })

  it('warns of debugging', () => {
    expect(policyWarnings(DEFAULT_SNP_POLICY)).toEqual([])
    expect(policyWarnings(0xb0000n)).toEqual([expect.stringContaining('allows debugging (bit 19)')])
  })

  it('is written as QEMU takes it', () => {
    expect(policyText(DEFAULT_SNP_POLICY)).toBe('0x30000')
  })
})
