import { describe, expect, it } from 'vitest'
import { runEnvText } from '../../../src/guest/run-env.js'

const RUN = { nonce: 'abc', payloadBytes: 5, payloadHasUnits: true, diskGrown: false, emulated: true }

describe('runEnvText', () => {
  it("sets the run's own values and exports those of the plugins", () => {
    expect(runEnvText({ ...RUN, variables: { GUEST_SIZE: "it's" } })).toBe(
      "CVM_NONCE='abc'\nCVM_PAYLOAD_BYTES='5'\nCVM_PAYLOAD_HAS_UNITS='1'\nCVM_DISK_GROWN='0'\nCVM_EMULATED='1'\nCVM_LISTING=''\nexport GUEST_SIZE='it'\\''s'\n",
    )
  })

  it('lets no variable of the caller stand in for the nonce, nor a name that is none', () => {
    const text = runEnvText({ ...RUN, variables: { CVM_NONCE: 'mine', 'X;reboot': '1', lower: '1' } })

    expect(text).not.toMatch(/mine|reboot|lower/)
  })
})
