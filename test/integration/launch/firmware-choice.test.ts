import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { chooseFirmware } from '../../../src/launch/firmware-choice.js'

let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'firmware-choice-'))
  for (const name of ['etc', 'usr']) await mkdir(join(dir, name))
  for (const name of ['a.code', 'a.vars', 'b.code', 'b.vars']) await writeFile(join(dir, name), '')
})

afterEach(async () => {
  await rm(dir, { recursive: true })
})

async function descriptor(place: string, file: string, name: string, features: readonly string[] = []): Promise<void> {
  const mapping = {
    device: 'flash',
    executable: { filename: join(dir, `${name}.code`), format: 'raw' },
    'nvram-template': { filename: join(dir, `${name}.vars`), format: 'raw' },
  }
  const targets = [{ architecture: 'x86_64', machines: ['pc-q35-*'] }]
  await writeFile(join(dir, place, file), JSON.stringify({ 'interface-types': ['uefi'], mapping, targets, features }))
}

function choose(kind: 'plain' | 'secure-boot' = 'plain') {
  const pair = (name: string) =>
    ({ code: join(dir, `${name}.code`), vars: join(dir, `${name}.vars`), format: 'raw' }) as const
  return chooseFirmware(kind, {
    descriptorDirs: [join(dir, 'none'), join(dir, 'etc'), join(dir, 'usr')],
    wellKnown: { plain: [pair('b')], 'secure-boot': [pair('b')], 'own-keys': [pair('b')] },
  })
}

describe('chooseFirmware', () => {
  it('takes the first fitting descriptor by file name and says why others were passed over', async () => {
    await descriptor('usr', '40-secure.json', 'a', ['requires-smm'])
    await descriptor('usr', '60-plain.json', 'a')
    await descriptor('etc', '70-later.json', 'b')

    const choice = await choose()

    expect(choice.uefi.code).toBe(join(dir, 'a.code'))
    expect(choice.passedOver).toEqual([
      { descriptor: join(dir, 'usr/40-secure.json'), why: 'it needs SMM, which the machine does not have' },
    ])
  })

  it('lets a file of the administrator hide the one of that name', async () => {
    await descriptor('usr', '60-plain.json', 'a')
    await descriptor('etc', '60-plain.json', 'b')

    expect((await choose()).uefi.code).toBe(join(dir, 'b.code'))
  })

  it('lets an empty file of the administrator switch a descriptor off', async () => {
    await descriptor('usr', '60-plain.json', 'a')
    await writeFile(join(dir, 'etc/60-plain.json'), '')

    const choice = await choose()

    expect(choice).toMatchObject({
      uefi: { code: join(dir, 'b.code') },
      passedOver: [{ why: 'it is not a JSON object' }],
    })
    expect(choice.descriptor).toBeUndefined()
  })

  it('passes over a descriptor whose files are not there, and fails when nothing is left', async () => {
    await descriptor('usr', '60-plain.json', 'a')
    await rm(join(dir, 'a.vars'))
    await rm(join(dir, 'b.code'))

    await expect(choose()).rejects.toMatchObject({
      code: 'FIRMWARE_MISSING',
      lines: [expect.stringContaining('a.vars is not there or not readable')],
    })
  })

  it('takes only firmware with SMM, Secure Boot and enrolled keys when Secure Boot is asked for', async () => {
    await descriptor('usr', '50-no-keys.json', 'b', ['requires-smm', 'secure-boot'])
    await descriptor('usr', '60-plain.json', 'b')
    await descriptor('usr', '70-secure.json', 'a', ['enrolled-keys', 'requires-smm', 'secure-boot'])

    const choice = await choose('secure-boot')

    expect(choice).toMatchObject({ uefi: { code: join(dir, 'a.code') }, smm: true })
    expect(choice.passedOver.map(({ why }) => why)).toEqual([
      'it has no Secure Boot keys enrolled',
      'it has no Secure Boot',
    ])
  })

  it('gives a well-known path for Secure Boot SMM as well, and says what is missing when there is none', async () => {
    expect(await choose('secure-boot')).toMatchObject({ uefi: { code: join(dir, 'b.code') }, smm: true })

    await rm(join(dir, 'b.vars'))

    await expect(choose('secure-boot')).rejects.toMatchObject({
      code: 'FIRMWARE_MISSING',
      message: 'no usable UEFI firmware with Secure Boot keys is installed',
    })
  })
})
