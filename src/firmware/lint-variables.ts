import { holdsSignatureLists } from './decode/describe.js'
import { readSignatureLists } from './decode/signature-list.js'
import { readOptionOrder } from './decode/simple-values.js'
import { type FirmwareFinding, note, problem, warning } from './finding.js'
import { lintTimeout } from './lint-timeout.js'
import type { StoredVariable } from './store-types.js'
import { ATTRIBUTE, GUID } from './variable.js'
import { recordBytes } from './write-store.js'

/** What is doubtful in the variables themselves, in whatever form they are kept. */
export function lintVariables(variables: readonly StoredVariable[]): readonly FirmwareFinding[] {
  const each = variables.flatMap((variable) => [
    ...lintAttributes(variable),
    ...lintComputed(variable),
    ...lintSize(variable),
    ...lintShim(variable),
    ...lintLists(variable),
  ])
  return [...each, ...lintBootOrder(variables), ...lintTimeout(variables)]
}

function lintAttributes({ name, attributes }: StoredVariable): readonly FirmwareFinding[] {
  if ((attributes & ATTRIBUTE.nonVolatile) === 0) {
    return [warning(`${name} is not marked as non-volatile, so it has no place in a store`)]
  }
  if ((attributes & ATTRIBUTE.append) !== 0) {
    return [warning(`${name} has the attribute "append", which belongs to a write and is never stored`)]
  }
  if ((attributes & ATTRIBUTE.runtime) !== 0 && (attributes & ATTRIBUTE.bootService) === 0) {
    return [warning(`${name} is for the running system (RT) but not for boot services (BS), which UEFI does not allow`)]
  }
  return []
}

/** SetupMode and SecureBoot are made by the firmware at each start. */
function lintComputed({ name, guid }: StoredVariable): readonly FirmwareFinding[] {
  if (guid !== GUID.global || !COMPUTED.has(name)) return []
  return [warning(`${name} is computed by the firmware at each start; what a store says of it is not used`)]
}

/**
 * A larger one is read at boot, but nobody can write it again, and firmware with SMM cannot hand it out.
 *
 * Source: edk2, OvmfPkg/OvmfPkgX64.dsc, PcdMaxVariableSize of the 4 MiB build.
 */
function lintSize(variable: StoredVariable): readonly FirmwareFinding[] {
  const bytes = recordBytes(variable)
  if (bytes <= LARGEST_BYTES) return []
  return [warning(`${variable.name} takes ${bytes} bytes; the firmware itself writes none above ${LARGEST_BYTES}`)]
}

/** Source: rhboot/shim, mok.c: a MokList that the running system could have written is deleted. */
function lintShim({ name, guid, attributes }: StoredVariable): readonly FirmwareFinding[] {
  if (guid !== GUID.shim || !SHIM_LISTS.has(name)) return []
  if ((attributes & ATTRIBUTE.runtime) === 0 && (attributes & NV_BS) === NV_BS) return []
  return [warning(`shim deletes ${name} at the next boot: its attributes must be NV and BS without RT`)]
}

/** The firmware finds no entry in what it cannot read: no key of db, and nothing that dbx refuses. */
function lintLists(variable: StoredVariable): readonly FirmwareFinding[] {
  if (!holdsSignatureLists(variable)) return []
  try {
    readSignatureLists(variable.data)
    return []
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return [warning(`${variable.name} cannot be read: ${error.message}`)]
  }
}

/** Source: UEFI 2.10, 3.1.2: what is not there is skipped. */
function lintBootOrder(variables: readonly StoredVariable[]): readonly FirmwareFinding[] {
  const ofBoot = variables.filter(({ guid }) => guid === GUID.global)
  const order = ofBoot.find(({ name }) => name === 'BootOrder')
  if (order === undefined) return []
  // What has no whole numbers lists nothing.
  const numbers = order.data.length % 2 === 0 ? readOptionOrder(order.data) : []
  const absent = numbers.map((number) => `Boot${number}`).filter((entry) => !ofBoot.some(({ name }) => name === entry))
  if (absent.length === 0) return []
  return [
    note(`BootOrder lists ${absent.join(', ')}, which the file does not have; the firmware skips what is not there`),
  ]
}

/** Names that no store can hold: for variables that come from elsewhere, before they are written. */
export function lintNames(variables: readonly StoredVariable[]): readonly FirmwareFinding[] {
  return variables.flatMap(({ name, data }) => {
    if (name === '') return [problem('a variable has an empty name')]
    if (name.includes('\0')) return [problem(`the name ${JSON.stringify(name)} has a NUL in it`)]
    return data.length === 0 ? [problem(`${name} has no data; in UEFI that means to delete it`)] : []
  })
}

const COMPUTED: ReadonlySet<string> = new Set(['SecureBoot', 'SetupMode', 'AuditMode', 'DeployedMode'])
const SHIM_LISTS: ReadonlySet<string> = new Set(['MokList', 'MokListX', 'MokSBState', 'MokDBState', 'MokListTrusted'])
const NV_BS = ATTRIBUTE.nonVolatile | ATTRIBUTE.bootService
const LARGEST_BYTES = 0x8400
