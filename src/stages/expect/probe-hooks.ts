import { randomBytes } from 'node:crypto'
import type { Expectation } from '../../model/expectation.js'
import type { BootHooks } from '../boot-hooks.js'
import { GuestProbe } from './probe.js'

/** A probe that looks in the guest for what is expected of it; `tpm`: also for the log of its TPM. */
export function probeFor(expectations: readonly Expectation[], tpm: boolean): GuestProbe {
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
