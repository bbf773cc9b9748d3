import { describe, expect, it } from 'vitest'
import { launchJson } from '../../../src/launch/launch-json.js'
import { libvirtXml } from '../../../src/launch/libvirt-xml.js'
import { qemuArguments } from '../../../src/launch/qemu-arguments.js'
import { startScript } from '../../../src/launch/start-script.js'
import type { LaunchConfig } from '../../../src/model/launch.js'
import { configFields } from '../../fixtures/launch/config-fields.js'
import { SAMPLE_NAMES, sample, TERMINAL } from '../../fixtures/launch/samples.js'

/** What the golden files hold of a machine. */
const PRINTERS: Readonly<Record<string, (config: LaunchConfig) => string>> = {
  'QEMU upstream': (config) => qemuArguments(config, TERMINAL, 'upstream').join('\n'),
  'QEMU of the forks': (config) => qemuArguments(config, TERMINAL, 'fork').join('\n'),
  'a start script': (config) => startScript(config, 'upstream'),
  libvirt: (config) => JSON.stringify(libvirtXml(config)),
  JSON: launchJson,
}

const FIELDS = configFields()

describe('every field of a machine', () => {
  it('is known to this test', () => {
    expect(FIELDS.length).toBeGreaterThan(40)
    expect(FIELDS).toEqual(
      expect.arrayContaining(['disks.path', 'network.forwards.hostPort', 'tee.idAuth', 'tee.quoteService.cid']),
    )
  })

  it.each(FIELDS)('makes a difference in the golden files of each printer when it is another: %s', (field) => {
    const changes = SAMPLE_NAMES.flatMap((name) => {
      const changed = structuredClone(sample(name))
      return change(changed, field.split('.')) ? [{ before: sample(name), after: changed }] : []
    })

    expect(changes).not.toEqual([])
    for (const [printer, print] of Object.entries(PRINTERS)) {
      const differs = changes.some(({ before, after }) => outcome(print, before) !== outcome(print, after))
      expect({ printer, field, differs }).toEqual({ printer, field, differs: true })
    }
  })
})

/** A refusal of the changed machine is a difference, too. */
function outcome(print: (config: LaunchConfig) => string, config: LaunchConfig): string {
  try {
    return print(config)
  } catch (error) {
    return String(error)
  }
}

/** Gives the field another value wherever it is set in the machine; false when it is nowhere. */
function change(within: unknown, [first, ...rest]: readonly string[]): boolean {
  if (Array.isArray(within)) return within.map((each) => change(each, [first ?? '', ...rest])).some(Boolean)
  if (typeof within !== 'object' || within === null || first === undefined || !(first in within)) return false
  // Checked to have the key; the clone is this test's own.
  const record = within as Record<string, unknown>
  if (rest.length > 0) return change(record[first], rest)
  record[first] = another(record[first])
  return true
}

const OTHER_WORDS: Readonly<Record<string, string>> = {
  kvm: 'tcg',
  tcg: 'kvm',
  raw: 'qcow2',
  qcow2: 'raw',
  none: 'tdx',
  tdx: 'none',
  snp: 'none',
  bios: 'rom',
  rom: 'bios',
  uefi: 'bios',
  user: 'none',
  bridge: 'none',
}

function another(value: unknown): unknown {
  if (typeof value === 'boolean') return !value
  if (typeof value === 'number') return value + 1
  if (typeof value !== 'string') throw new Error(`no other value for ${JSON.stringify(value)}`)
  if (/^[0-9a-f]{64,}$/.test(value)) return value.startsWith('00') ? `11${value.slice(2)}` : `00${value.slice(2)}`
  return OTHER_WORDS[value] ?? `${value}1`
}
