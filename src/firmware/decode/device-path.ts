/**
 * EFI device paths as bytes: nodes, instances, several paths packed one behind the other.
 *
 *     node: u8 type | u8 subtype | u16 length, these four bytes included | body
 *     end of an instance: 7f 01 04 00      end of the path: 7f ff 04 00
 *
 * Source: UEFI 2.10, 10.3 Device Path Nodes.
 */
export interface DeviceNode {
  readonly type: number
  readonly subtype: number
  readonly body: Buffer
}

/** A path; nearly always of one instance. Consoles (ConOut) have one for each device. */
export type DevicePath = readonly (readonly DeviceNode[])[]

/**
 * Reads paths that are packed one behind the other.
 *
 * @throws {RangeError} for a node that is cut short or a path without an end.
 */
export function readDevicePaths(bytes: Buffer): readonly DevicePath[] {
  const paths: DevicePath[] = []
  let instances: DeviceNode[][] = []
  let nodes: DeviceNode[] = []
  let open = false
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.length - at < HEADER_BYTES ? 0 : bytes.readUInt16LE(at + 2)
    if (length < HEADER_BYTES || length > bytes.length - at)
      throw new RangeError(`the device path is damaged at byte ${at}`)
    const node = {
      type: bytes.readUInt8(at),
      subtype: bytes.readUInt8(at + 1),
      body: bytes.subarray(at + HEADER_BYTES, at + length),
    }
    at += length
    open = true
    const end = endKind(node)
    if (end === undefined) {
      nodes.push(node)
      continue
    }
    instances.push(nodes)
    nodes = []
    if (end === 'path') {
      paths.push(instances)
      instances = []
      open = false
    }
  }
  if (open) throw new RangeError('the device path has no end')
  return paths
}

/** @throws {RangeError} for a node of 64 KiB and more, or an end in the middle. */
export function writeDevicePath(path: DevicePath): Buffer {
  const parts = path.flatMap((nodes, index) => [
    ...nodes.map(nodeBytes),
    nodeBytes({ type: END, subtype: index === path.length - 1 ? END_PATH : END_INSTANCE, body: Buffer.alloc(0) }),
  ])
  if (path.some((nodes) => nodes.some((node) => endKind(node) !== undefined)))
    throw new RangeError('an end node in the middle of a device path')
  return Buffer.concat(parts)
}

function nodeBytes({ type, subtype, body }: DeviceNode): Buffer {
  const length = HEADER_BYTES + body.length
  if (length > 0xffff) throw new RangeError(`a device path node of ${length} bytes`)
  return Buffer.concat([Buffer.from([type, subtype, length & 0xff, length >> 8]), body])
}

function endKind({ type, subtype }: DeviceNode): 'path' | 'instance' | undefined {
  if (type !== END) return undefined
  if (subtype === END_PATH) return 'path'
  return subtype === END_INSTANCE ? 'instance' : undefined
}

const HEADER_BYTES = 4
const END = 0x7f
const END_PATH = 0xff
const END_INSTANCE = 0x01
