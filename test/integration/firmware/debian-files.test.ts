import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { contentsBytes, lintContents, readContents, withVariables } from '../../../src/firmware/firmware-contents.js'
import { secureBootMode } from '../../../src/firmware/secure-boot/secure-boot-mode.js'
import { byNameAndGuid, writeRecords } from '../../../src/firmware/write-store.js'
import { flashMisfit } from '../../../src/model/flash-pair.js'

const DIR = '/usr/share/OVMF'
const SINGLE = '/usr/share/ovmf/OVMF.fd'
const names = existsSync(DIR) ? readdirSync(DIR).filter((name) => name.endsWith('.fd')) : []
const variableFiles = names.filter((name) => name.includes('VARS'))
const files = [...variableFiles.map((name) => join(DIR, name)), ...(existsSync(SINGLE) ? [SINGLE] : [])]

function contentsOf(path: string) {
  const contents = readContents(readFileSync(path))
  if (contents.form !== 'store') throw new Error(`${path} is not a store`)
  return contents
}

describe.skipIf(files.length === 0)("the firmware files of Debian's package ovmf", () => {
  it.each(files)('%s is read completely: written record by record it is the same file', (path) => {
    const { file, store } = contentsOf(path)

    expect(writeRecords(file, store, store.records).equals(file)).toBe(true)
  })

  it.each(files)('%s breaks no rule, before and after all its variables are written anew', (path) => {
    const before = contentsOf(path)
    const after = withVariables(before, before.variables)
    const again = withVariables(after, before.variables)

    expect([lintContents(before), lintContents(after)]).toEqual([[], []])
    expect(after.variables).toEqual([...before.variables].sort(byNameAndGuid))
    expect(contentsBytes(after).length).toBe(before.file.length)
    expect(contentsBytes(again).equals(contentsBytes(after))).toBe(true)
    expect(secureBootMode(after.variables)).toEqual(secureBootMode(before.variables))
    if (before.store.records.length === 0) expect(contentsBytes(after).equals(before.file)).toBe(true)
  })

  it('has keys in its .ms and .snakeoil files, and none elsewhere', () => {
    const on = files.filter((path) => secureBootMode(contentsOf(path).variables).on)

    expect(on).toEqual(files.filter((path) => /\.(ms|snakeoil)\.fd$/.test(path)))
  })

  it('tells variables of a flash from a firmware in a single file', () => {
    expect(files.filter((path) => contentsOf(path).kind === 'single-file')).toEqual([SINGLE])
  })

  it('has no variables in its code files, which fit to those of their own size only', () => {
    for (const name of names.filter((each) => each.includes('CODE'))) {
      const code = readFileSync(join(DIR, name))
      expect(() => readContents(code)).toThrow(expect.objectContaining({ code: 'FIRMWARE_FILE_REFUSED' }))
      for (const vars of variableFiles) {
        const fits = flashMisfit(code.length, readFileSync(join(DIR, vars)).length) === undefined
        expect([name, vars, fits]).toEqual([name, vars, name.includes('4M') === vars.includes('4M')])
      }
    }
  })

  it('holds the untouched store that quotes of TDX guests show', () => {
    // SHA-384 of the variable volume of the 4 MiB build: event 2 of RTMR0 in quotes of real guests.
    expect(
      createHash('sha384')
        .update(readFileSync(join(DIR, 'OVMF_VARS_4M.fd')))
        .digest('hex'),
    ).toBe('344bc51c980ba621aaa00da3ed7436f7d6e549197dfe699515dfa2c6583d95e6412af21c097d473155875ffd561d6790')
  })
})
