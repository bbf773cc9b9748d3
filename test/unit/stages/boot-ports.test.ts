import { describe, expect, it } from 'vitest'
import type { LaunchConfig, PortForward } from '../../../src/model/launch.js'
import { choicesAnew, chooseForwards, sshPortOf } from '../../../src/stages/boot-ports.js'

function aConfig(forwards: readonly PortForward[]): LaunchConfig {
  return {
    name: 'x',
    accel: 'tcg',
    tee: { kind: 'none' },
    vcpus: 1,
    memoryMiB: 128,
    hugepages: false,
    firmware: { kind: 'bios' },
    disks: [],
    network: { kind: 'user', forwards },
    vsockCid: 1234,
    tpm: false,
  }
}

const SSH = { hostPort: 4022, guestPort: 22 }
const WEB = { hostPort: 8080, guestPort: 80 }
// QEMU 7.2.
const PORT_TAKEN = "Could not set up host forwarding rule 'tcp:127.0.0.1:4022-:22'"
const CID_TAKEN = 'vhost-vsock: unable to set guest cid: Address already in use'

describe('forwarded ports', () => {
  it('always lead to port 22, by a free port unless one is named', async () => {
    expect(await chooseForwards({}, undefined)).toEqual([{ hostPort: expect.any(Number), guestPort: 22, chosen: true }])
    expect(await chooseForwards({ forwards: [WEB] }, 4022, { check: false })).toEqual([
      { ...WEB, chosen: false },
      { ...SSH, chosen: false },
    ])
    expect(await chooseForwards({ forwards: [SSH] }, undefined, { check: false })).toEqual([{ ...SSH, chosen: false }])
    expect(await chooseForwards({ forwards: [SSH] }, 5022, { check: false })).toEqual([
      { hostPort: 5022, guestPort: 22, chosen: false },
    ])
  })

  it('are none on other networks', async () => {
    expect(await chooseForwards({ network: 'none' }, 4022)).toEqual([])
    expect(await chooseForwards({ bridge: 'br0' }, undefined)).toEqual([])
  })

  it('tell where SSH is', () => {
    expect(sshPortOf(aConfig([WEB, SSH]))).toBe(4022)
    expect(sshPortOf(aConfig([WEB]))).toBeUndefined()
  })
})

describe('choices that somebody else took', () => {
  it('are made anew: a port that nobody asked for', async () => {
    const other = await choicesAnew(aConfig([WEB, SSH]), { ports: [4022], vsockCid: false }, PORT_TAKEN)

    const forwards = other?.network.kind === 'user' ? other.network.forwards : []
    expect(forwards).toEqual([WEB, { hostPort: expect.any(Number), guestPort: 22 }])
    expect(forwards[1]?.hostPort).not.toBe(4022)
  })

  it('are made anew: a context ID that nobody asked for', async () => {
    const other = await choicesAnew(aConfig([]), { ports: [], vsockCid: true }, CID_TAKEN)

    expect(other?.vsockCid).toBeGreaterThan(2 ** 30 - 1)
  })

  it('stay when somebody asked for them, or when something else is wrong', async () => {
    expect(await choicesAnew(aConfig([SSH]), { ports: [], vsockCid: false }, PORT_TAKEN)).toBeUndefined()
    expect(await choicesAnew(aConfig([SSH]), { ports: [4022], vsockCid: false }, CID_TAKEN)).toBeUndefined()
    expect(await choicesAnew(aConfig([SSH]), { ports: [4022], vsockCid: true }, 'no such file')).toBeUndefined()
  })
})
