import { dirname, join } from 'node:path'
import { printable } from '../guest/printable.js'
import { launchJson } from '../launch/launch-json.js'
import { libvirtXml } from '../launch/libvirt-xml.js'
import { ownVariables } from '../launch/own-variables.js'
import { qemuArguments } from '../launch/qemu-arguments.js'
import { optionLines, shellQuoted } from '../launch/shell-quoted.js'
import { startScript } from '../launch/start-script.js'
import type { LaunchConfig, QemuFlavour } from '../model/launch.js'
import { LAUNCH_KEYS, LAUNCH_PATHS } from '../model/launch-keys.js'
import { launchTextOf, memoryText } from '../model/launch-text.js'
import type { ImageLaunch } from '../stages/launch-image.js'

export type LaunchFormat = 'qemu' | 'libvirt' | 'script' | 'json'

/** What is printed on stdout, and what has to be said with it. */
export interface Artefact {
  readonly text: string
  readonly notes: readonly string[]
}

/** @throws {CvmError} LAUNCH_INVALID for what the format cannot express. */
export function artefactOf({ config, flavour }: ImageLaunch, format: LaunchFormat): Artefact {
  if (format === 'json') return { text: launchJson(config), notes: [] }
  if (format === 'script') return { text: startScript(config, flavour), notes: scriptNotes(config) }
  if (format === 'qemu') return qemuCommand(config, flavour)
  const { xml, notes } = libvirtXml(config)
  const { firmware } = config
  return {
    text: xml,
    notes: [
      ...notes,
      ...(firmware.kind === 'uefi'
        ? [
            `UEFI variables: libvirt copies ${firmware.vars} when the domain first starts, below its own nvram directory`,
          ]
        : []),
    ],
  }
}

function scriptNotes(config: LaunchConfig): readonly string[] {
  const { firmware } = config
  if (firmware.kind !== 'uefi') return []
  const { dir, file } = ownVariables(config, firmware)
  const copy = join(dir, file)
  return [`UEFI variables: the script copies ${firmware.vars} to ${copy}, or to the directory that is its argument`]
}

/** One command; what has to be there before it is in the notes. */
function qemuCommand(config: LaunchConfig, flavour: QemuFlavour): Artefact {
  const { firmware, disks, name, tpm } = config
  const image = disks[0]?.path ?? ''
  const own = firmware.kind === 'uefi' ? ownVariables(config, firmware) : undefined
  const vars = own === undefined ? '' : join(own.dir, own.file)
  const machine = firmware.kind === 'uefi' ? { ...config, firmware: { ...firmware, vars } } : config
  const tpmDir = join(dirname(image), `${name}.tpm`)
  const socket = join(tpmDir, 'socket')
  const args = qemuArguments(machine, { kind: 'terminal', ...(tpm ? { tpm: socket } : {}) }, flavour)
  return {
    text: `qemu-system-x86_64${optionLines(args)}\n`,
    notes: [
      ...(firmware.kind === 'uefi'
        ? [
            `UEFI variables: the machine writes a copy of its own; make it first: ${words('cp', '-n', firmware.vars, vars)}`,
          ]
        : []),
      ...(tpm
        ? [`TPM: start it first: ${words('mkdir', '-p', tpmDir)}; (cd ${shellQuoted(tpmDir)} && exec ${SWTPM}) &`]
        : []),
    ],
  }
}

/** In its directory: swtpm has no way to write a comma of a path. */
const SWTPM = 'swtpm socket --tpm2 --tpmstate dir=. --ctrl type=unixio,path=socket --terminate'

function words(...all: readonly string[]): string {
  return all.map(shellQuoted).join(' ')
}

/** A decided value, for the table. */
export interface DecidedValue {
  readonly key: string
  readonly value: string
  readonly origin: string
}

/** Every value with its origin: what was asked for, and the defaults that matter. */
export function decidedValues({ config, settled, firmware, accelerator }: ImageLaunch): readonly DecidedValue[] {
  const { wishes, origins, madeFrom } = settled
  const asked = LAUNCH_KEYS.flatMap((key): readonly DecidedValue[] => {
    if (wishes[key] === undefined) return []
    const made = madeFrom[key]
    const origin = made === undefined ? `${origins[key]}` : `${origins[key]}: ${made}`
    return [{ key: LAUNCH_PATHS[key], value: shown(leaf(launchTextOf(wishes), LAUNCH_PATHS[key])), origin }]
  })
  const defaults: readonly (DecidedValue | false)[] = [
    wishes.tee === undefined && { key: LAUNCH_PATHS.tee, value: 'none', origin: DEFAULT },
    wishes.vcpus === undefined && { key: LAUNCH_PATHS.vcpus, value: String(config.vcpus), origin: DEFAULT },
    wishes.memoryMiB === undefined && {
      key: LAUNCH_PATHS.memoryMiB,
      value: memoryText(config.memoryMiB),
      origin: DEFAULT,
    },
    wishes.network === undefined && { key: LAUNCH_PATHS.network, value: config.network.kind, origin: DEFAULT },
    { key: 'firmware', value: firmwareText(config), origin: firmware.origin },
    { key: 'accel', value: config.accel, origin: accelerator.why },
  ]
  return [...defaults.filter((row) => row !== false), ...asked].sort((one, other) => rank(one.key) - rank(other.key))
}

/** The table for stderr. */
export function decidedText(values: readonly DecidedValue[]): string {
  const rows = values.map(
    ({ key, value, origin }) => [key, printable(value, LONGEST_VALUE), printable(origin)] as const,
  )
  // One long identity does not move all origins to the right.
  const width = (column: 0 | 1) => Math.min(WIDEST, Math.max(...rows.map((row) => row[column].length)))
  const [keys, texts] = [width(0), width(1)]
  return rows.map(([key, value, origin]) => `  ${key.padEnd(keys)}  ${value.padEnd(texts)}  ${origin}\n`).join('')
}

function firmwareText({ firmware }: LaunchConfig): string {
  if (firmware.kind === 'bios') return 'bios'
  return firmware.kind === 'rom' ? firmware.path : `${firmware.code}${firmware.smm ? ' (SMM)' : ''}`
}

function rank(key: string): number {
  const found = LAUNCH_KEYS.findIndex((each) => LAUNCH_PATHS[each] === key)
  return found === -1 ? LAUNCH_KEYS.length : found
}

function leaf(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, step) => {
    return typeof inner === 'object' && inner !== null ? Reflect.get(inner, step) : undefined
  }, value)
}

function shown(value: unknown): string {
  if (!Array.isArray(value)) return String(value)
  return value.map((item) => (typeof item === 'object' ? JSON.stringify(item) : String(item))).join(', ')
}

const DEFAULT = 'the default'
const LONGEST_VALUE = 100
const WIDEST = 40
