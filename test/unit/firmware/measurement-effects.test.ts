import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type FirmwareSide, measurementEffects } from '../../../src/firmware/measurement-effects.js'
import { readStore } from '../../../src/firmware/read-store.js'
import { KEY_VARIABLE } from '../../../src/firmware/secure-boot/key-variables.js'
import type { StoredVariable } from '../../../src/firmware/store-types.js'
import { GUID } from '../../../src/firmware/variable.js'
import { writeVariables } from '../../../src/firmware/write-store.js'
import { anEmptyStore, aVariable } from './a-store.js'

const PK = aVariable({ name: 'PK', attributes: 0x27 })
const enable = (value: number) =>
  aVariable({
    name: 'SecureBootEnable',
    guid: KEY_VARIABLE.SecureBootEnable.guid,
    attributes: 3,
    data: Buffer.from([value]),
  })

function side(...variables: readonly StoredVariable[]): FirmwareSide {
  const file = anEmptyStore()
  return { variables, volume: writeVariables(file, readStore(file), variables) }
}

describe('measurementEffects', () => {
  it('knows the digest of an untouched store, as quotes of real guests have it', () => {
    const { volumeSha384 } = measurementEffects('single-file', side(), side())

    // Event 2 of RTMR0 with the untouched 2 MiB build of OVMF.
    expect(volumeSha384?.before).toBe(
      'f87302177b059d54a2cf0c5f13340dbabf5c9dd60dc3f996c68b776fbe4de959769443a3d8ef6538b97d7e151c8298e8',
    )
    expect(createHash('sha384').update(anEmptyStore('4M')).digest('hex')).toBe(
      '344bc51c980ba621aaa00da3ed7436f7d6e549197dfe699515dfa2c6583d95e6412af21c097d473155875ffd561d6790',
    )
  })

  it('of any change in a single file are RTMR0 and the digest of SEV-SNP, never MRTD', () => {
    const effects = measurementEffects('single-file', side(), side(aVariable()))

    expect(effects).toMatchObject({ mrtdChanges: false, rtmr0Changes: true, snpDigestChanges: true })
    expect(effects.sentences.join(' ')).toMatch(/no variable that is measured on its own changes/)
    expect(effects.sentences.join(' ')).toContain(effects.volumeSha384?.after)
  })

  it('of no change are none', () => {
    const same = side(aVariable())

    expect(measurementEffects('single-file', same, same)).toMatchObject({
      rtmr0Changes: false,
      snpDigestChanges: false,
    })
  })

  it('of a flash are those of variables that are measured one by one', () => {
    const plain = measurementEffects('variables', side(), side(aVariable()))
    const order = measurementEffects('variables', side(), side(aVariable({ name: 'BootOrder' })))

    expect(plain).toMatchObject({ mrtdChanges: false, rtmr0Changes: false, snpDigestChanges: false })
    expect(plain.sentences.join(' ')).toMatch(/not measured, so whoever runs the host can change them/)
    expect(order).toMatchObject({ mrtdChanges: false, rtmr0Changes: true, snpDigestChanges: false })
    expect(order.sentences.join(' ')).toMatch(/BootOrder \(RTMR0, PCR 1\)/)
  })

  it.each([
    ['removed', side(PK, enable(1)), side(enable(1)), /PK .*SecureBoot/],
    ['switched off', side(PK, enable(1)), side(PK, enable(0)), /: SecureBoot \(RTMR0, PCR 7\)/],
  ])('name SecureBoot too when the key is %s', (_, before, after, words) => {
    expect(measurementEffects('json', before, after).sentences.join(' ')).toMatch(words)
  })

  it('say of shim where it measures', () => {
    const mok = aVariable({ name: 'MokList', guid: GUID.shim, attributes: 3 })

    expect(measurementEffects('variables', side(), side(mok)).sentences.join(' ')).toMatch(/MokList \(by shim: RTMR2/)
  })
})
