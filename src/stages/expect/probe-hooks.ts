import { randomBytes } from 'node:crypto'
import type { BootHooks } from '../boot-hooks.js'
import type { BootTestRequest } from '../boot-request.js'
import { GuestProbe } from './probe.js'
import { readExpectations } from './read-expectations.js'

/**
 * A probe in the guest, when something is expected of it or the log of its TPM is wanted; else undefined.
 *
 * @throws CvmError EXPECTATIONS_INVALID with every mistake.
 */
export async function probeFor(
  request: Pick<BootTestRequest, 'expectations'>,
  tpm: boolean,
): Promise<GuestProbe | undefined> {
  const expectations = await readExpectations(request.expectations)
  if (expectations.length === 0 && !tpm) return undefined
  return new GuestProbe({ nonce: randomBytes(16).toString('hex'), expectations, tpm })
}

/** What the probe adds to a boot test: itself, and its findings in the result. */
export function probeHooks(probe: GuestProbe): BootHooks {
  return {
    probe,
    afterDiskPrepared: (layer) => probe.install(layer),
    afterVerdict: async (result) => {
      const { findings } = probe
      return findings === undefined || findings.length === 0 ? result : { ...result, expectations: findings }
    },
  }
}
