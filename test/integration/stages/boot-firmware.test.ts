import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chooseBootFirmware, chooseFirmwareKind } from '../../../src/stages/boot-firmware.js'

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'boot-firmware-'))
  await writeFile(join(dir, 'whole.fd'), Buffer.alloc(128 * 1024, 1))
  await writeFile(join(dir, 'code.fd'), Buffer.alloc(128 * 1024 - 4096, 1))
})
afterAll(async () => await rm(dir, { recursive: true }))

const choose = async (tee: 'tdx' | 'snp', name: string) => {
  const wishes = { tee, firmwareImage: join(dir, name) }
  return await chooseBootFirmware(wishes, chooseFirmwareKind(wishes, true))
}

describe('the firmware of a confidential guest in a boot test', () => {
  it('is one file, as it is given', async () => {
    expect(await choose('snp', 'whole.fd')).toEqual({ kind: 'rom', path: join(dir, 'whole.fd') })
  })

  it('is refused when it is no whole firmware, or is not there', async () => {
    await expect(choose('tdx', 'code.fd')).rejects.toMatchObject({
      code: 'LAUNCH_INVALID',
      message: expect.stringMatching(/code\.fd is not a whole firmware image$/),
    })
    await expect(choose('tdx', 'absent.fd')).rejects.toMatchObject({ code: 'LAUNCH_INVALID' })
  })
})
