/**
 * SBAT: how shim revokes boot loaders by generation, beside signatures and dbx.
 *
 * A program says in its section `.sbat`, one component a line, `NAME,GENERATION,…`; the level in force has the oldest generation of a
 * component that still starts. Source: rhboot/shim, SBAT.md, sbat.c.
 */
import { findVariable } from '../named-variable.js'
import { namedSections } from '../pe/boot-program.js'
import { type FirmwareVariable, GUID } from '../variable.js'

/** First `sbat,1,DATE`, then the oldest good generations. */
export interface SbatLevel {
  /** Ten digits, such as 2025021800: a later one takes the place of an earlier one. */
  readonly date: string
  readonly generations: ReadonlyMap<string, number>
}

/** The level that shim judges by: of the variables, or of a shim itself when that is newer. Undefined: shim judges by none. */
export function sbatLevelInForce(
  variables: readonly FirmwareVariable[],
  shims: readonly Buffer[],
): SbatLevel | undefined {
  const stored = findVariable(variables, { name: 'SbatLevel', guid: GUID.shim })
  const texts = [...(stored === undefined ? [] : [textAt(stored.data, 0)]), ...shims.map(levelIn)]
  const levels = texts.flatMap((text) => readLevel(text) ?? [])
  return levels.sort((one, other) => (one.date < other.date ? 1 : -1))[0]
}

/**
 * Why shim refuses a program by its generations; undefined when it does not.
 *
 * @param needed shim loads it itself, and then takes nothing without a section `.sbat`
 * @throws {RangeError} when it is no PE file.
 */
export function sbatRefusal(program: Buffer, level: SbatLevel, needed: boolean): string | undefined {
  const section = namedSections(program).find(({ name }) => name === '.sbat')?.data
  if (section === undefined) return needed ? 'it has no section .sbat, which shim asks of what it loads' : undefined
  for (const [component, generation] of rowsOf(textAt(section, 0))) {
    const oldest = level.generations.get(component) ?? 0
    if (generation < oldest)
      return `SBAT revokes it: ${component} has the generation ${generation}, and ${oldest} is the oldest that starts (level ${level.date})`
  }
  return undefined
}

/**
 * What a shim of version 15.7 and later stores at its first start: u32 version (0), u32 offset of the level that it stores, u32 offset of the
 * one for those who ask for the latest; both from behind the version, texts with a NUL. Source: rhboot/shim, include/sbat_var_defs.h, sbat_var.S.
 */
function levelIn(shim: Buffer): string {
  const section = namedSections(shim).find(({ name }) => name === '.sbatlevel')?.data
  if (section === undefined || section.length < 12 || section.readUInt32LE(0) !== 0) return ''
  return textAt(section, 4 + section.readUInt32LE(4))
}

function readLevel(text: string): SbatLevel | undefined {
  const date = /^sbat,\d+,(\d{10})\b/.exec(text)?.[1]
  return date === undefined ? undefined : { date, generations: new Map(rowsOf(text)) }
}

/** A generation that is no number counts as 0, as in shim. */
function rowsOf(text: string): readonly (readonly [component: string, generation: number])[] {
  return text
    .split(/[\r\n]+/)
    .map((line) => line.split(','))
    .filter(([component]) => component !== '')
    .map(([component = '', generation = '']) => [component, Number.parseInt(generation, 10) || 0])
}

function textAt(bytes: Buffer, at: number): string {
  const end = bytes.indexOf(0, at)
  return bytes.toString('latin1', at, end < 0 ? bytes.length : end)
}
