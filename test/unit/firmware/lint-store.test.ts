import { describe, expect, it } from 'vitest'
import { lintStore } from '../../../src/firmware/lint-store.js'
import { readStore } from '../../../src/firmware/read-store.js'
import { writeVariables } from '../../../src/firmware/write-store.js'
import { anEmptyStore, aVariable } from './a-store.js'

/** A store with two variables: records at 0x64 (Timeout, data at 0xb0, padding at 0xb2) and 0xb4 (Two). */
function aStore(): Buffer {
  const file = anEmptyStore()
  return writeVariables(file, readStore(file), [aVariable(), aVariable({ name: 'Two' })])
}

function lint(file: Buffer) {
  return lintStore(file, readStore(file))
}

/** The header's checksum made right again, so that a test sees its own fault only. */
function summed(file: Buffer): Buffer {
  file.writeUInt16LE(0, 0x32)
  let sum = 0
  for (let at = 0; at < 0x48; at += 2) sum += file.readUInt16LE(at)
  file.writeUInt16LE((0x10000 - (sum % 0x10000)) % 0x10000, 0x32)
  return file
}

function changed(change: (file: Buffer) => void): Buffer {
  const file = aStore()
  change(file)
  return file
}

/** Firmware in a single file: a store, a volume of files, and the TDX metadata that say where the variables are. */
function aSingleFile(cfvBytes: number): Buffer {
  const file = Buffer.concat([aStore(), Buffer.alloc(0x10000)])
  file.write('78e58c8c3d8a1c4f9935896185c32dd3', 0x20010, 'hex')
  file.writeBigUInt64LE(0x10000n, 0x20020)
  const descriptor = file.length - 0x400
  file.write('TDVF', descriptor, 'latin1')
  file.writeUInt32LE(2, descriptor + 12)
  const cfv = descriptor + 16 + 32
  file.writeUInt32LE(cfvBytes, cfv + 4)
  file.writeUInt32LE(1, cfv + 24)
  const table = file.length - 32
  // The footer: size of the table and its GUID; before it one entry with the distance of the descriptor from the end.
  file.writeUInt16LE(18 + 22, table - 18)
  file.write('de82b596b21ff745baeaa366c55a082d', table - 16, 'hex')
  file.writeUInt32LE(0x400, table - 40)
  file.writeUInt16LE(22, table - 36)
  file.write('35657ae44a989847865e4685a7bf8ec2', table - 34, 'hex')
  return file
}

describe('lintStore', () => {
  it.each([
    ['an empty one of the 2 MiB build', anEmptyStore('2M')],
    ['an empty one of the 4 MiB build', anEmptyStore('4M')],
    ['one with variables', aStore()],
    ['one in a single file whose metadata agree', aSingleFile(0x20000)],
  ])('finds nothing in %s', (_, file) => {
    expect(lint(file)).toEqual([])
  })

  it.each([
    ['a zero vector that is not zero', (file: Buffer) => summed(fill(file, 0x3, 1)), /first 16 bytes/],
    ['no signature', (file: Buffer) => summed(fill(file, 0x28, 0x58)), /no signature _FVH/],
    ['other attributes', (file: Buffer) => summed(fill(file, 0x2c, 0xfe)), /attributes .* 0x4fefe, not 0x4feff/],
    ['another revision', (file: Buffer) => summed(fill(file, 0x37, 1)), /revision .* 1, not 2/],
    ['a wrong checksum', (file: Buffer) => fill(file, 0x32, 0), /checksum/],
    ['a length beyond the file', (file: Buffer) => summed(fill(file, 0x22, 3)), /has 196608 bytes, but the file ends/],
    ['another format', (file: Buffer) => fill(file, 0x5c, 0x5b), /format 0x5b, not 0x5a/],
    ['a state that is not healthy', (file: Buffer) => fill(file, 0x5d, 0xff), /state 0xff, not 0xfe/],
    ['a size less than the header', (file: Buffer) => void file.writeUInt32LE(27, 0x58), /27 bytes, less than/],
    [
      'a size more than the volume',
      (file: Buffer) => void file.writeUInt32LE(0x1ffb9, 0x58),
      /131001 bytes, more than the 131000/,
    ],
    ['a state of no record', (file: Buffer) => fill(file, 0x66, 0x3b), /record at 0x64 has the state 0x3b/],
    ['a record past the end', (file: Buffer) => void file.writeUInt32LE(0xe000, 0xb4 + 0x28), /0xb4 runs past the end/],
    ['padding that is not erased', (file: Buffer) => fill(file, 0xb2, 0), /0x64 is not padded/],
    ['bytes behind the last record', (file: Buffer) => fill(file, 0xdfff, 0), /behind the last record, at 0xdfff/],
    ['a name without a NUL', (file: Buffer) => fill(file, 0xae, 0x41), /name of the record at 0x64 has no NUL/],
    ['a name with a NUL inside', (file: Buffer) => fill(file, 0xa2, 0), /name of the record at 0x64 has a NUL inside/],
    [
      'a variable without data',
      (file: Buffer) => {
        file.writeUInt32LE(0, 0xb4 + 0x28)
        file.fill(0xff, 0xb4 + 0x3c + 8)
      },
      /\(Two\) has no data/,
    ],
  ])('finds %s', (_, change, words) => {
    const file = changed(change)

    expect(lint(file)).toContainEqual({ severity: 'problem', text: expect.stringMatching(words) })
  })

  it('does not ask for good names and data in records that are deleted', () => {
    const file = changed((bytes) => {
      fill(bytes, 0x66, 0x3d)
      fill(bytes, 0xae, 0x41)
    })

    expect(lint(file)).toEqual([])
  })

  it('compares the length of the volume with what the firmware around it was built for', () => {
    expect(lint(aSingleFile(0x84000))).toEqual([
      {
        severity: 'problem',
        text: 'the firmware expects its variables in 540672 bytes at 0x0, and they are 131072 at 0x0',
      },
    ])
  })

  it('tells of a variable that is there twice, and of writes in the queue', () => {
    const file = changed((bytes) => {
      bytes.copy(bytes, 0x104, 0x64, 0xb4)
      bytes.copy(bytes, 0xb4, 0x64, 0xb4)
      bytes.fill(0xff, 0x104, 0x200)
      bytes.fill(0, 0xf020, 0xf030)
    })

    expect(lint(file)).toEqual([
      { severity: 'warning', text: 'Timeout is there more than once; only the first one counts' },
      { severity: 'note', text: expect.stringMatching(/queue of fault tolerant writes is not empty/) },
    ])
  })
})

function fill(file: Buffer, at: number, value: number): Buffer {
  return file.fill(value, at, at + 1)
}
