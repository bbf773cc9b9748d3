import { CvmError } from '../model/errors.js'
import type { LaunchConfig } from '../model/launch.js'
import { type BootMachine, type BootMachineInput, startBootMachine } from './boot-machine.js'
import { choicesAnew } from './boot-ports.js'

export interface StartedBoot {
  readonly machine: BootMachine
  /** The machine that runs: ports and context ID may have been chosen anew. */
  readonly config: LaunchConfig
}

/**
 * Starts the machine. A free port or context ID that somebody took since it was chosen is no reason to fail: another one is.
 *
 * @throws CvmError as startBootMachine.
 */
export async function startBoot(
  input: BootMachineInput,
  chosen: { readonly ports: readonly number[]; readonly vsockCid: boolean },
): Promise<StartedBoot> {
  let { config } = input
  for (let tries = 1; ; tries += 1) {
    try {
      return { machine: await startBootMachine({ ...input, config }), config }
    } catch (error) {
      const said = error instanceof CvmError && error.code === 'TOOL_FAILED' ? (error.why ?? '') : ''
      const other = tries < MAX_TRIES ? await choicesAnew(config, chosen, said) : undefined
      if (other === undefined) throw error
      config = other
    }
  }
}

const MAX_TRIES = 5
