import type { QemuAbilities } from '../launch/qemu-flavour.js'
import { CvmError } from '../model/errors.js'
import type { QemuFlavour } from '../model/launch.js'
import type { BootTestRequest } from './boot-request.js'
import { askQemu } from './qemu-abilities.js'

/** As asked, else as the installed QEMU spells TDX; a guest without TDX is spelled the same everywhere, and nobody is asked. */
export async function qemuFlavour({ qemuFlavour: asked, launch }: BootTestRequest): Promise<QemuFlavour> {
  if (asked !== undefined) return asked
  return launch.wishes.tee === 'tdx' ? ((await qemuHere())?.tdx ?? 'upstream') : 'upstream'
}

/** Undefined: there is none. */
export async function qemuHere(): Promise<QemuAbilities | undefined> {
  try {
    return await askQemu()
  } catch (error) {
    if (error instanceof CvmError && error.code === 'TOOL_MISSING') return undefined
    throw error
  }
}
