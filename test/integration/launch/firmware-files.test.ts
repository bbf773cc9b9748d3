import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FirmwareWishes, uefiFiles } from '../../../src/launch/firmware-files.js'

const CODE_4M_BYTES = 3_653_632
const VARS_4M_BYTES = 540_672
const VARS_2M_BYTES = 131_072

let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'firmware-files-'))
  for (const name of ['code', 'secure.code', 'own.code']) await sized(name, CODE_4M_BYTES)
  for (const name of ['vars', 'secure.vars', 'own.vars']) await sized(name, VARS_4M_BYTES)
})
afterEach(() => rm(dir, { recursive: true }))

async function sized(name: string, bytes: number): Promise<string> {
  await writeFile(at(name), '')
  await truncate(at(name), bytes)
  return at(name)
}

async function directory(name: string): Promise<string> {
  await mkdir(at(name))
  return at(name)
}

function at(name: string): string {
  return join(dir, name)
}

function files(wishes: FirmwareWishes) {
  return uefiFiles(wishes, {
    descriptorDirs: [],
    wellKnown: {
      plain: [{ code: at('code'), vars: at('vars'), format: 'raw' }],
      'secure-boot': [{ code: at('secure.code'), vars: at('secure.vars'), format: 'raw' }],
      'own-keys': [{ code: at('secure.code'), vars: at('secure.vars'), format: 'raw' }],
    },
  })
}

describe('the files of the firmware', () => {
  it('are those of the installed one, with SMM for Secure Boot', async () => {
    expect(await files({})).toEqual({ kind: 'uefi', code: at('code'), vars: at('vars'), format: 'raw', smm: false })
    expect(await files({ secureBoot: true })).toMatchObject({ code: at('secure.code'), smm: true })
  })

  it('may be given, each alone or both', async () => {
    expect(await files({ secureBoot: true, firmwareVars: at('own.vars') })).toMatchObject({
      code: at('secure.code'),
      vars: at('own.vars'),
      smm: true,
    })
    expect(await files({ firmwareCode: at('own.code') })).toMatchObject({ code: at('own.code'), vars: at('vars') })
    expect(await files({ secureBoot: true, firmwareCode: at('own.code'), firmwareVars: at('own.vars') })).toMatchObject(
      { code: at('own.code'), vars: at('own.vars'), smm: true },
    )
  })

  it('are refused when their sizes are not of one build', async () => {
    const firmwareVars = await sized('small.vars', VARS_2M_BYTES)

    await expect(files({ firmwareCode: at('own.code'), firmwareVars })).rejects.toMatchObject({
      code: 'LAUNCH_INVALID',
      why: expect.stringContaining(`${CODE_4M_BYTES} bytes`),
    })
  })

  it('are refused when one is qcow2 and the other one raw', async () => {
    // Magic, version 3, no backing file, 64 KiB clusters, virtual size 4 MiB.
    const header = Buffer.alloc(512)
    header.write('QFI\xfb', 'latin1')
    header.writeUInt32BE(3, 4)
    header.writeBigUInt64BE(BigInt(VARS_4M_BYTES), 24)
    await writeFile(at('vars.qcow2'), header)

    await expect(files({ firmwareCode: at('own.code'), firmwareVars: at('vars.qcow2') })).rejects.toMatchObject({
      code: 'LAUNCH_INVALID',
      message: expect.stringContaining('different formats'),
    })
  })

  it.each([
    ['is not there', async () => at('none'), /cannot be read/],
    ['is a directory', () => directory('d'), /not a regular file/],
    ['is empty', () => sized('empty', 0), /is empty/],
  ])('are refused when one %s', async (_title, make, message) => {
    const firmwareCode = await make()

    await expect(files({ firmwareCode })).rejects.toMatchObject({
      code: 'LAUNCH_INVALID',
      message: expect.stringMatching(message),
    })
  })
})

describe('a whole firmware image', () => {
  it('is loaded as a ROM', async () => {
    const firmwareImage = await sized('OVMF.fd', 2 ** 21)

    expect(await files({ firmwareImage })).toEqual({ kind: 'rom', path: firmwareImage })
  })

  it('is refused when it is the code of a split one, or comes with one', async () => {
    await expect(files({ firmwareImage: at('own.code') })).rejects.toMatchObject({
      code: 'LAUNCH_INVALID',
      why: expect.stringContaining('64 KiB'),
    })
    await expect(files({ firmwareImage: at('code'), firmwareVars: at('vars') })).rejects.toMatchObject({
      code: 'LAUNCH_INVALID',
    })
  })
})
