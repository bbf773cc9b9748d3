/** Calls of swtpm, which plays a TPM 2.0 for a virtual machine. Source: swtpm(8), swtpm_setup(8), QEMU docs/specs/tpm.rst. */
import type { ToolCall } from '../model/host.js'

/** Debian and Ubuntu packages of the two programs. */
export const SWTPM_PACKAGES = ['swtpm', 'swtpm-tools'] as const

/**
 * Makes the state of a new TPM in an empty directory. Confidential VMs measure with SHA-384, most tools read SHA-256; every
 * other bank would only cost the guest time.
 */
export function swtpmSetupCall(stateDir: string): ToolCall {
  return {
    tool: 'swtpm_setup',
    args: [['--tpm2'], ['--tpmstate', plain(stateDir)], ['--pcr-banks', 'sha256,sha384'], ['--overwrite']].flat(),
  }
}

/** Plays the TPM in the foreground until the machine that has connected goes away. */
export function swtpmSocketCall(stateDir: string, socketPath: string): ToolCall {
  return {
    tool: 'swtpm',
    args: [
      ['socket', '--tpm2', '--terminate'],
      ['--tpmstate', `dir=${plain(stateDir)},mode=0600`],
      ['--ctrl', `type=unixio,path=${plain(socketPath)},mode=0600`],
    ].flat(),
  }
}

/** swtpm splits its options at commas and knows no way to quote one. */
function plain(path: string): string {
  if (/^\/[^,]*$/.test(path)) return path
  throw new Error(`swtpm needs an absolute path without a comma, not ${JSON.stringify(path)}`)
}
