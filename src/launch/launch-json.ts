import type { LaunchConfig } from '../model/launch.js'

/** A machine as JSON, for programs; two blanks a level, a newline at the end. */
export function launchJson(config: LaunchConfig): string {
  return `${JSON.stringify(config, undefined, 2)}\n`
}
