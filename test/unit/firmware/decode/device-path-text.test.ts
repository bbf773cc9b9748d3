import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DevicePath, readDevicePaths, writeDevicePath } from '../../../../src/firmware/decode/device-path.js'
import { NODE_KINDS } from '../../../../src/firmware/decode/device-path-nodes.js'
import { devicePathFromText, devicePathTexts } from '../../../../src/firmware/decode/device-path-text.js'

const END = '7fff0400'
/** Bytes of one node, without the end, and its text. Layouts: UEFI 2.10, 10.3; made by hand from them unless said otherwise. */
const KNOWN: readonly [string, string][] = [
  ['02010c00d041030a00000000', 'PciRoot(0x0)'],
  ['02010c00d041080a02000000', 'PcieRoot(0x2)'],
  ['02010c00d041010500000000', 'Acpi(0x50141D0,0x0)'],
  ['010106000200' + '', 'Pci(0x0,0x2)'],
  ['01010600021f', 'Pci(0x1F,0x2)'],
  // ConOut of Debian's OVMF_VARS_4M.ms.fd
  ['030e13000000000000c201000000000008010' + '1', 'Uart(115200,8,N,1)'],
  ['0312' + '0a00' + '0100ffff0000', 'Sata(0x1,0xFFFF,0x0)'],
  ['0317100001000000' + '0807060504030201', 'NVMe(0x1,01-02-03-04-05-06-07-08)'],
  ['03020800' + '0100' + '0200', 'Scsi(0x1,0x2)'],
  ['03050600' + '0301', 'USB(0x3,0x1)'],
  [`03181800${Buffer.from('http://a.b/(c,d).efi').toString('hex')}`, 'Uri(http://a.b/(c,d).efi)'],
  [`030b2500525400123456${'00'.repeat(26)}01`, 'MAC(525400123456,0x1)'],
  [
    '030c1b00' + '0a000002' + '0a000001' + '00000000' + '1100' + '01' + '0a0000fe' + 'ffffff00',
    'IPv4(10.0.0.1,0x11,Static,10.0.0.2,10.0.0.254,255.255.255.0)',
  ],
  [
    '030d3c00' +
      `${'00'.repeat(15)}01` +
      `fe80${'00'.repeat(13)}02` +
      '00000000' +
      '0600' +
      '01' +
      '40' +
      '00'.repeat(16),
    'IPv6(fe80:0:0:0:0:0:0:2,0x6,StatelessAutoConfigure,0:0:0:0:0:0:0:1,64,0:0:0:0:0:0:0:0)',
  ],
  [
    '04012a000f00000000080000000000000000100000000000' + '7856341234127856' + '1122334455667788' + '0202',
    'HD(15,GPT,12345678-1234-5678-1122-334455667788,0x800,0x100000)',
  ],
  [
    `04012a00010000000008000000000000000010000000000078563412${'00'.repeat(12)}0101`,
    'HD(1,MBR,0x12345678,0x800,0x100000)',
  ],
  [
    `04041600${Buffer.from('\\EFI\\BOOT\0', 'utf16le').subarray(0, 18).toString('hex')}`,
    'Path(4,4,5c004500460049005c0042004f004f005400)',
  ],
  [`04041800${Buffer.from('\\EFI\\BOOT\0', 'utf16le').toString('hex')}`, '\\EFI\\BOOT'],
  // UiApp of every OVMF
  ['04071400c9bdb87cebf8344faaea3ee4af6516a1', 'Fv(7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1)'],
  ['0406140021aa2c4614760345836e8ab6f4662331', 'FvFile(462caa21-7614-4503-836e-8ab6f4662331)'],
  [
    '01041800' + 'c9bdb87cebf8344faaea3ee4af6516a1' + '0a0b0c0d',
    'VenHw(7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1,0a0b0c0d)',
  ],
  ['0501090001000000' + '00', 'Path(5,1,0100000000)'],
  ['09090400', 'Path(9,9)'],
].map(([hex = '', text = '']) => [withLength(hex), text])

describe('device paths as text', () => {
  it.each(KNOWN)('shows %s as %s, and reads it back', (hex, text) => {
    const bytes = Buffer.from(hex + END, 'hex')

    expect(devicePathTexts(bytes)).toEqual([text])
    expect(devicePathFromText(text).toString('hex')).toBe(hex + END)
  })

  it('joins nodes with slashes, and parts instances by commas', () => {
    const text = 'PciRoot(0x0)/Pci(0x1,0x0)/Acpi(0x30341D0,0x0),PciRoot(0x0)/Pci(0x2,0x0)'

    const bytes = devicePathFromText(text)

    expect(bytes.toString('hex')).toContain('7f010400')
    expect(devicePathTexts(bytes)).toEqual([text])
  })

  it('takes decimals, other cases and the short form of IPv6, as people write them', () => {
    expect(
      devicePathFromText('pciroot(0)/PCI(31,2)/hd(15,gpt,12345678-ABCD-5678-1122-334455667788,2048,0x10)'),
    ).toEqual(
      devicePathFromText('PciRoot(0x0)/Pci(0x1F,0x2)/HD(15,GPT,12345678-abcd-5678-1122-334455667788,0x800,0x10)'),
    )
    expect(devicePathTexts(devicePathFromText('IPv6(fe80::2,0x6,Static,::,64,::1)'))).toEqual([
      'IPv6(fe80:0:0:0:0:0:0:2,0x6,Static,0:0:0:0:0:0:0:0,64,0:0:0:0:0:0:0:1)',
    ])
  })

  it.each([
    'Pci(0x1)',
    'Pci(256,0)',
    'Pci(0,0,0)',
    'Nothing(1)',
    'Path(300,1)',
    'Path(1,2,abc)',
    'PciRoot(0x0)//Pci(0,0)',
    'HD(1,GPT,not-a-guid,0,0)',
    'IPv4(1.2.3.256,0x11,Static,0.0.0.0)',
    'Path(127,255)',
  ])('refuses %s', (text) => {
    expect(() => devicePathFromText(text)).toThrow(RangeError)
  })

  it('reads several paths that are packed, as in a load option', () => {
    const bytes = Buffer.concat([
      devicePathFromText('PciRoot(0x0)'),
      devicePathFromText('Fv(7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1)'),
    ])

    expect(devicePathTexts(bytes)).toHaveLength(2)
  })

  it('leads back to the same bytes, whatever the nodes hold', () => {
    fc.assert(
      fc.property(paths(), (path) => {
        const bytes = writeDevicePath(path)

        const [text = '', ...others] = devicePathTexts(bytes)

        expect(others).toEqual([])
        expect(devicePathFromText(text)).toEqual(bytes)
        expect(readDevicePaths(bytes)).toEqual([path])
      }),
      { numRuns: 400 },
    )
  })

  it.each([
    ['no end', '01010600021f'],
    ['a node shorter than its header', '01010300'],
    ['a node beyond the end', '0101ff00021f'],
    ['half a header', '0101'],
  ])('refuses a path with %s', (_, hex) => {
    expect(() => devicePathTexts(Buffer.from(hex, 'hex'))).toThrow(RangeError)
  })
})

/** Kinds that have a text, with bodies that fit or nearly fit, and file names with everything that could confuse. */
function paths(): fc.Arbitrary<DevicePath> {
  const known = fc.constantFrom(...NODE_KINDS).chain(({ type, subtype, fields }) => {
    const bytes = fields.reduce((sum, field) => sum + (field.bytes ?? 3), 0)
    const length = fc.constantFrom(bytes, bytes, bytes, bytes + 1, Math.max(0, bytes - 1))
    return length.chain((size) => node(type, subtype, fc.uint8Array({ minLength: size, maxLength: size })))
  })
  const name = fc.string({ unit: fc.constantFrom('a', '\\', '/', '(', ')', ',', 'é', '\ud800', 'Pci(0,0)') })
  const file = name.chain((text) => node(4, 4, fc.constant(Buffer.from(`${text}\0`, 'utf16le'))))
  const uri = name.chain((text) => node(3, 0x18, fc.constant(Buffer.from(text))))
  const any = fc
    .tuple(fc.nat(0x7e), fc.nat(0xff))
    .chain(([type, subtype]) => node(type, subtype, fc.uint8Array({ maxLength: 8 })))
  const nodes = fc.array(fc.oneof(known, file, uri, any), { maxLength: 4 })
  return fc.array(nodes, { minLength: 1, maxLength: 3 })
}

function node(type: number, subtype: number, body: fc.Arbitrary<Uint8Array>) {
  return body.map((bytes) => ({ type, subtype, body: Buffer.from(bytes) }))
}

/** The length field is what the digits say: a slip in a vector would else look like a fault of the code. */
function withLength(hex: string): string {
  const bytes = Buffer.from(hex, 'hex')
  bytes.writeUInt16LE(bytes.length, 2)
  return bytes.toString('hex')
}
