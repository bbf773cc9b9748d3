/**
 * The kinds of device path nodes that have a text form of their own; all others are shown as Path(type,subtype,hex).
 *
 * Layouts: UEFI 2.10, 10.3.2 to 10.3.5; names and order of the values in text: 10.6.1.6, table 10.67.
 */
import {
  always,
  choice,
  decimal,
  eui64,
  guid,
  hex,
  ipv4,
  ipv6,
  type NodeField,
  u8,
  u16,
  u32,
  u64,
  utf8,
} from './device-path-fields.js'

export interface NodeKind {
  readonly type: number
  readonly subtype: number
  readonly name: string
  /** In the order of the bytes. */
  readonly fields: readonly NodeField[]
  /** The values of the text: indexes of `fields`, or words that are always the same. */
  readonly shown: readonly (number | string)[]
}

const kind = (
  [type, subtype]: readonly [number, number],
  name: string,
  fields: readonly NodeField[],
  shown: readonly (number | string)[] = fields.map((_, index) => index),
): NodeKind => ({ type, subtype, name, fields, shown })

/** EISA ids PNP0A03 and PNP0A08, compressed. */
const PCI_ROOT = always('d041030a')
const PCIE_ROOT = always('d041080a')
const NO_PORTS = always('00000000')
const rest = hex(undefined)

/** Several may have one name or one number; the first that fits counts. */
export const NODE_KINDS: readonly NodeKind[] = [
  // 01: hardware
  kind([0x01, 0x01], 'Pci', [u8, u8], [1, 0]),
  kind([0x01, 0x03], 'MemoryMapped', [u32, u64, u64]),
  kind([0x01, 0x04], 'VenHw', [guid]),
  kind([0x01, 0x04], 'VenHw', [guid, rest]),
  kind([0x01, 0x05], 'Ctrl', [u32]),
  // 02: ACPI
  kind([0x02, 0x01], 'PciRoot', [PCI_ROOT, u32], [1]),
  kind([0x02, 0x01], 'PcieRoot', [PCIE_ROOT, u32], [1]),
  kind([0x02, 0x01], 'Acpi', [u32, u32]),
  kind([0x02, 0x03], 'AcpiAdr', [u32]),
  // 03: messaging
  kind([0x03, 0x01], 'Ata', [choice('Primary', 'Secondary'), choice('Master', 'Slave'), u16]),
  kind([0x03, 0x02], 'Scsi', [u16, u16]),
  kind([0x03, 0x05], 'USB', [u8, u8]),
  kind([0x03, 0x0a], 'VenMsg', [guid]),
  kind([0x03, 0x0a], 'VenMsg', [guid, rest]),
  kind([0x03, 0x0b], 'MAC', [hex(6), always('00'.repeat(26)), u8], [0, 2]),
  kind([0x03, 0x0b], 'MAC', [hex(32), u8]),
  // local, remote, ports, protocol, origin of the address, gateway, mask; older firmware has no gateway and mask
  kind([0x03, 0x0c], 'IPv4', [ipv4, ipv4, NO_PORTS, u16, choice('DHCP', 'Static'), ipv4, ipv4], [1, 3, 4, 0, 5, 6]),
  kind([0x03, 0x0c], 'IPv4', [ipv4, ipv4, NO_PORTS, u16, choice('DHCP', 'Static')], [1, 3, 4, 0]),
  // local, remote, ports, protocol, origin, length of the prefix, gateway
  kind(
    [0x03, 0x0d],
    'IPv6',
    [ipv6, ipv6, NO_PORTS, u16, choice('Static', 'StatelessAutoConfigure', 'StatefulAutoConfigure'), decimal(u8), ipv6],
    [1, 3, 4, 0, 5, 6],
  ),
  kind(
    [0x03, 0x0e],
    'Uart',
    [always('00000000'), decimal(u64), decimal(u8), choice('D', 'N', 'E', 'O', 'M', 'S'), choice('D', '1', '1.5', '2')],
    [1, 2, 3, 4],
  ),
  kind([0x03, 0x0f], 'UsbClass', [u16, u16, u8, u8, u8]),
  kind([0x03, 0x11], 'Unit', [u8]),
  kind([0x03, 0x12], 'Sata', [u16, u16, u16]),
  kind([0x03, 0x14], 'Vlan', [decimal(u16)]),
  kind([0x03, 0x17], 'NVMe', [u32, eui64]),
  kind([0x03, 0x18], 'Uri', [utf8]),
  kind([0x03, 0x1a], 'SD', [u8]),
  kind([0x03, 0x1d], 'eMMC', [u8]),
  // 04: media
  kind([0x04, 0x01], 'HD', [decimal(u32), u64, u64, guid, always('0202')], [0, 'GPT', 3, 1, 2]),
  kind([0x04, 0x01], 'HD', [decimal(u32), u64, u64, u32, always(`${'00'.repeat(12)}0101`)], [0, 'MBR', 3, 1, 2]),
  kind([0x04, 0x02], 'CDROM', [u32, u64, u64]),
  kind([0x04, 0x03], 'VenMedia', [guid]),
  kind([0x04, 0x03], 'VenMedia', [guid, rest]),
  kind([0x04, 0x06], 'FvFile', [guid]),
  kind([0x04, 0x07], 'Fv', [guid]),
  kind([0x04, 0x08], 'Offset', [always('00000000'), u64, u64], [1, 2]),
  kind([0x04, 0x09], 'RamDisk', [u64, u64, guid, u16], [0, 1, 3, 2]),
]

/** A file: its text is the bare path, with backslashes. */
export const FILE_PATH = { type: 0x04, subtype: 0x04 } as const
