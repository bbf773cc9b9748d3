import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dhcpMistake, readCidr } from '../../../src/model/launch-network.js'
import {
  LAUNCH_READERS,
  readDisk,
  readForward,
  readMac,
  readMemoryMiB,
  readPolicy,
  readQuoteService,
  readVsockCid,
} from '../../../src/model/launch-values.js'

describe('a MAC address', () => {
  it('is written in lower case', () => {
    expect(readMac('52:54:00:AB:cd:0f')).toEqual({ value: '52:54:00:ab:cd:0f' })
  })

  it.each([
    ['53:54:00:12:34:56', 'multicast'],
    ['ff:ff:ff:ff:ff:ff', 'multicast'],
    ['00:00:00:00:00:00', 'all zero'],
    ['52-54-00-12-34-56', 'no MAC address'],
    ['52:54:00:12:34', 'no MAC address'],
    ['', 'no MAC address'],
  ])('is refused: %s', (text, why) => {
    expect(readMac(text)).toEqual({ wrong: expect.stringContaining(why) })
  })

  it('is taken exactly when its first byte is even', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (bytes) => {
        const text = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':')
        const good = ((bytes[0] ?? 0) & 1) === 0 && bytes.some((byte) => byte !== 0)
        expect('value' in readMac(text)).toBe(good)
      }),
      { numRuns: 200 },
    )
  })
})

describe('a network', () => {
  it.each(['10.0.2.0/24', '192.168.0.0/16', '10.0.0.0/8', '172.16.5.224/27'])('is taken: %s', (text) => {
    expect(readCidr(text)).toEqual({ value: text })
  })

  it.each([
    ['10.0.2.15/24', 'the network is 10.0.2.0/24'],
    ['10.0.2.0/28', '/8 to /27'],
    ['10.0.2.0/4', '/8 to /27'],
    ['10.0.2.0', 'no IPv4 network'],
    ['10.0.2.256/24', 'no IPv4 network'],
    ['010.0.2.0/24', 'no IPv4 network'],
    ['127.0.0.0/24', 'no network for guests'],
    ['224.0.0.0/24', 'no network for guests'],
    ['fec0::/64', 'no IPv4 network'],
  ])('is refused: %s', (text, why) => {
    expect(readCidr(text)).toEqual({ wrong: expect.stringContaining(why) })
  })

  it('names the right network for each address that is none, and takes that', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 126 }),
        fc.nat(255),
        fc.nat(255),
        fc.nat(255),
        fc.integer({ min: 8, max: 27 }),
        (a, b, c, d, prefix) => {
          const reading = readCidr(`${a}.${b}.${c}.${d}/${prefix}`)
          const network = 'value' in reading ? reading.value : / is (\S+)$/.exec(reading.wrong)?.[1]
          expect(readCidr(network ?? '')).toEqual({ value: network })
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('the first DHCP address', () => {
  // The addresses are those of QEMU 7.2's `info usernet` and its DHCP: .2.2 and .2.3 in a /16.
  it.each([
    ['10.0.2.15', '10.0.2.0/24', undefined],
    ['10.0.2.4', '10.0.2.0/24', undefined],
    ['10.0.2.2', '10.0.2.0/24', 'gateway'],
    ['10.0.2.3', '10.0.2.0/24', 'name server'],
    ['10.0.2.0', '10.0.2.0/24', 'the network itself'],
    ['10.0.2.255', '10.0.2.0/24', 'broadcast'],
    ['10.0.3.15', '10.0.2.0/24', 'not in the network 10.0.2.0/24'],
    ['10.9.2.2', '10.9.0.0/16', 'gateway'],
    ['10.9.0.2', '10.9.0.0/16', undefined],
    ['192.168.200.1', '192.168.0.0/16', undefined],
  ])('%s in %s', (start, cidr, why) => {
    expect(dhcpMistake(start, cidr)).toEqual(why === undefined ? undefined : expect.stringContaining(why))
  })

  it('is outside whenever the network is another one', () => {
    fc.assert(
      fc.property(fc.nat(255), fc.nat(255), fc.integer({ min: 4, max: 254 }), (net, other, host) => {
        const mistake = dhcpMistake(`10.1.${other}.${host}`, `10.1.${net}.0/24`)
        expect(mistake === undefined).toBe(net === other)
      }),
      { numRuns: 200 },
    )
  })
})

describe('a forwarded port', () => {
  it('is HOST:GUEST, or GUEST with a free one of the host', () => {
    expect(readForward('2222:22')).toEqual({ value: { hostPort: 2222, guestPort: 22 } })
    expect(readForward('22')).toEqual({ value: { hostPort: 0, guestPort: 22 } })
  })

  it.each(['', ':', '22:', ':22', '22:0', '65536', '1:65536', '-1:22', '1:2:3', 'ssh', '127.0.0.1:1:2'])(
    'is refused: %j',
    (text) => {
      expect(readForward(text)).toHaveProperty('wrong')
    },
  )

  it('is taken for every pair of ports', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65_535 }), fc.integer({ min: 1, max: 65_535 }), (hostPort, guestPort) => {
        expect(readForward(`${hostPort}:${guestPort}`)).toEqual({ value: { hostPort, guestPort } })
      }),
      { numRuns: 200 },
    )
  })
})

describe('a context id', () => {
  it.each([
    ['3', 3],
    ['4294967294', 4_294_967_294],
    ['free', 'free'],
  ])('is taken: %s', (text, value) => {
    expect(readVsockCid(text)).toEqual({ value })
  })

  it.each(['0', '2', '4294967295', '-1', 'any', ''])('is refused: %j', (text) => {
    expect(readVsockCid(text)).toEqual({ wrong: expect.stringMatching(/from 3 to 4294967294, or free/) })
  })
})

describe('a quote service', () => {
  it('is a vsock port or a UNIX socket', () => {
    expect(readQuoteService('vsock:2:4050')).toEqual({ value: { kind: 'vsock', cid: 2, port: 4050 } })
    expect(readQuoteService('unix:/run/qgs.sock')).toEqual({ value: { kind: 'unix', path: '/run/qgs.sock' } })
  })

  it.each(['vsock:2', 'vsock:2:0', 'vsock:4294967295:1', 'unix:qgs', `unix:/${'x'.repeat(107)}`, 'tcp:1:2', ''])(
    'is refused: %j',
    (text) => {
      expect(readQuoteService(text)).toHaveProperty('wrong')
    },
  )
})

describe('a policy', () => {
  it('is written in hex', () => {
    expect(readPolicy('0x30000')).toEqual({ value: '0x30000' })
    expect(readPolicy('196608')).toEqual({ value: '0x30000' })
    expect(readPolicy('0xB0000')).toEqual({ value: '0xb0000' })
  })

  it.each([
    ['0x10000', 'bit 17'],
    ['0x8000000000030000', 'bits 26 to 63'],
    ['0x30000000000000000', 'no guest policy: 64 bits'],
    ['-1', 'no guest policy: 64 bits'],
  ])('is refused: %s', (text, why) => {
    expect(readPolicy(text)).toEqual({ wrong: expect.stringContaining(why) })
  })
})

describe('a disk', () => {
  it('is a path, with a format and read-only behind it; a comma of the path is written twice', () => {
    expect(readDisk('data.img')).toEqual({ value: { path: 'data.img', readOnly: false } })
    expect(readDisk('a,,b.img,format=qcow2,read-only')).toEqual({
      value: { path: 'a,b.img', format: 'qcow2', readOnly: true },
    })
  })

  it.each(['', ',read-only', 'a,ro', 'a,format=vmdk', 'a,format=raw,format=qcow2', 'a\nb'])(
    'is refused: %j',
    (text) => {
      expect(readDisk(text)).toHaveProperty('wrong')
    },
  )
})

describe('other values', () => {
  it.each([
    ['memoryMiB', '8G', 8192],
    ['vcpus', '16', 16],
    ['tee', 'snp', 'snp'],
    ['bridge', 'br-lan.5', 'br-lan.5'],
    ['cmdline', 'console=ttyS0 quiet', 'console=ttyS0 quiet'],
    ['snpCpu', 'EPYC-v4', 'EPYC-v4'],
  ] as const)('%s %s is taken', (key, text, value) => {
    expect(LAUNCH_READERS[key](text)).toEqual({ value })
  })

  it.each([
    ['memoryMiB', '8', /size with its unit/],
    ['memoryMiB', '32M', /64M to 16T/],
    ['vcpus', '0', /1 to 1024/],
    ['vcpus', '2.5', /1 to 1024/],
    ['tee', 'sev', /none, tdx, snp/],
    ['bridge', 'a-name-of-sixteen', /no name of a bridge/],
    ['cmdline', 'a\nb', /one line/],
    ['cmdline', 'x'.repeat(2048), /2047/],
    ['snpCpu', 'EPYC,x=y', /no CPU model/],
    ['debug', 'yes', /true or false/],
    ['kernel', '', /no path/],
  ] as const)('%s %j is refused', (key, text, why) => {
    expect(LAUNCH_READERS[key](text)).toEqual({ wrong: expect.stringMatching(why) })
  })

  it('a size without its unit is refused by its own reader, too', () => {
    expect(readMemoryMiB('2048')).toHaveProperty('wrong')
  })
})
