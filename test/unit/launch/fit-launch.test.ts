import { describe, expect, it } from 'vitest'
import { fitLaunch } from '../../../src/launch/fit-launch.js'
import { settleLaunch } from '../../../src/launch/settle-launch.js'
import type { LaunchLayer } from '../../../src/model/launch.js'

const layer = (origin: string, wishes: LaunchLayer['wishes']): LaunchLayer => ({ origin, wishes })

describe('settleLaunch', () => {
  it('takes each value from the strongest source that has it, and keeps where it is from', () => {
    const layers = [
      layer('20-big/plugin.yaml', {
        vcpus: 2,
        memoryMiB: 1024,
        disks: [{ path: '/a', format: 'raw', readOnly: true }],
      }),
      layer('launch.yaml', { vcpus: 4, disks: [] }),
      layer('--vcpus', { vcpus: 8 }),
    ]

    expect(settleLaunch(layers)).toEqual({
      wishes: { vcpus: 8, memoryMiB: 1024, disks: [] },
      origins: { vcpus: '--vcpus', memoryMiB: '20-big/plugin.yaml', disks: 'launch.yaml' },
      madeFrom: {},
    })
  })

  it('keeps what an identity was made from, and only of the one that is taken', () => {
    const made = {
      ...layer('launch.yaml', { mrowner: 'aa', hostData: 'cc' }),
      madeFrom: { mrowner: 'a key', hostData: 'a file' },
    }

    expect(settleLaunch([made]).madeFrom).toEqual({ mrowner: 'a key', hostData: 'a file' })
    expect(settleLaunch([made, layer('--mrowner', { mrowner: 'bb' })]).madeFrom).toEqual({ hostData: 'a file' })
  })
})

describe('fitLaunch', () => {
  it('leaves out what a stronger source has made meaningless', () => {
    const file = layer('launch.yaml', {
      network: 'user',
      cidr: '10.0.5.0/24',
      mac: '52:54:00:00:00:01',
      forwards: [{ hostPort: 2222, guestPort: 22 }],
    })

    expect(fitLaunch([file, layer('--net', { network: 'none' })])).toEqual({
      wishes: { network: 'none' },
      origins: { network: '--net' },
      madeFrom: {},
    })
    const bridged = fitLaunch([file, layer('--net', { network: 'bridge', bridge: 'br0' })])
    expect(Object.keys(bridged.wishes).sort()).toEqual(['bridge', 'mac', 'network'])
  })

  it('forgets a DHCP start of a network that a stronger source has exchanged', () => {
    const layers = [
      layer('launch.yaml', { dhcpStart: '10.0.2.30' }),
      layer('--net', { network: 'user', cidr: '10.0.9.0/24' }),
    ]

    expect(fitLaunch(layers).wishes).toEqual({ network: 'user', cidr: '10.0.9.0/24' })
  })

  it.each<[string, readonly LaunchLayer[], RegExp]>([
    [
      'a forwarded port beside no network',
      [layer('launch.yaml', { network: 'none' }), layer('--forward', { forwards: [{ hostPort: 1, guestPort: 2 }] })],
      /vm\.network\.forward is for user, and what is asked for is none \(--forward; launch\.yaml\)/,
    ],
    [
      'a DHCP start outside of the default network',
      [layer('--dhcp-start', { dhcpStart: '10.0.3.4' })],
      /dhcp-start 10\.0\.3\.4 is not in the network 10\.0\.2\.0\/24 \(--dhcp-start\)/,
    ],
    [
      'a port of this host twice',
      [
        layer('f', {
          forwards: [
            { hostPort: 5, guestPort: 2 },
            { hostPort: 5, guestPort: 3 },
          ],
        }),
      ],
      /takes the port 5 of this host twice/,
    ],
    [
      'a variable store beside a BIOS',
      [layer('f', { firmware: 'bios', firmwareVars: '/v' })],
      /vm\.firmware\.vars is for uefi, and what is asked for is bios/,
    ],
    [
      'a boot menu that waits before a kernel which the firmware starts directly',
      [layer('launch.yaml', { kernel: '/vmlinuz' }), layer('--boot-menu-wait', { bootMenuWaitSeconds: 5 })],
      /vm\.boot-menu-wait is for the boot menu, and .* \(--boot-menu-wait; launch\.yaml\)/,
    ],
    [
      'Secure Boot beside a BIOS',
      [layer('f', { firmware: 'bios', secureBoot: true })],
      /vm\.secure-boot is a matter of UEFI/,
    ],
  ])('refuses %s', (_, layers, message) => {
    expect(() => fitLaunch(layers)).toThrow(
      expect.objectContaining({ code: 'LAUNCH_INVALID', message: expect.stringMatching(message) }),
    )
  })

  it('lets a direct boot that is asked for later go before the boot menu', () => {
    const layers = [layer('output.launch.json', { bootMenuWaitSeconds: 5 }), layer('-k', { kernel: '/vmlinuz' })]

    expect(fitLaunch(layers).wishes).toEqual({ kernel: '/vmlinuz' })
  })

  it('keeps a boot menu beside a kernel where it means something, or does not wait', () => {
    const bios = { firmware: 'bios', bootMenuWaitSeconds: 5, kernel: '/vmlinuz' } as const
    const atOnce = { bootMenuWaitSeconds: 0, kernel: '/vmlinuz' }

    expect(fitLaunch([layer('f', bios)]).wishes).toEqual(bios)
    expect(fitLaunch([layer('f', atOnce)]).wishes).toEqual(atOnce)
  })

  it('takes free ports of the host as often as one likes', () => {
    const forwards = [
      { hostPort: 0, guestPort: 22 },
      { hostPort: 0, guestPort: 80 },
    ]

    expect(fitLaunch([layer('f', { forwards })]).wishes).toEqual({ forwards })
  })
})
