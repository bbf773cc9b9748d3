/** The variable store of an OVMF_VARS file, whose firmware volume begins the file. Layout: see the reference of edk2, VariableFormat.h. */
import { guidBytes, readGuid } from './decode/guid-bytes.js'
import type { StoreEdit } from './store-access.js'
import type { FirmwareVariable } from './variable.js'

export const PLAIN_STORE: StoreEdit = {
  read(file) {
    const variables: FirmwareVariable[] = []
    for (let at = FIRST; at + 60 < file.length && file.readUInt16LE(at) === 0x55aa; ) {
      const [nameBytes, dataBytes] = [file.readUInt32LE(at + 36), file.readUInt32LE(at + 40)]
      const dataAt = at + 60 + nameBytes
      if (file.readUInt8(at + 2) === 0x3f)
        variables.push({
          name: file.toString('utf16le', at + 60, dataAt - 2),
          guid: readGuid(file, at + 44),
          attributes: file.readUInt32LE(at + 4),
          data: Buffer.from(file.subarray(dataAt, dataAt + dataBytes)),
          time: Buffer.from(file.subarray(at + 16, at + 32)),
        })
      at = Math.ceil((dataAt + dataBytes) / 4) * 4
    }
    return variables
  },
  write(file, variables) {
    const out = Buffer.from(file)
    const end = 0x48 + file.readUInt32LE(0x58)
    const records = Buffer.concat(
      [...variables]
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map(({ name, guid, attributes, data, time }) => {
          const nameBytes = Buffer.from(`${name}\0`, 'utf16le')
          const head = Buffer.alloc(60)
          head.writeUInt32LE(0x003f55aa, 0)
          head.writeUInt32LE(attributes, 4)
          time?.copy(head, 16)
          head.writeUInt32LE(nameBytes.length, 36)
          head.writeUInt32LE(data.length, 40)
          guidBytes(guid).copy(head, 44)
          const pad = Buffer.alloc((4 - ((nameBytes.length + data.length) % 4)) % 4, 0xff)
          return Buffer.concat([head, nameBytes, data, pad])
        }),
    )
    if (FIRST + records.length > end) throw new RangeError('the store is full')
    records.copy(out, FIRST)
    out.fill(0xff, FIRST + records.length, end)
    return out
  },
}

const FIRST = 0x64
