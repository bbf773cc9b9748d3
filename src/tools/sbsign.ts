import type { ToolCall } from '../model/host.js'

export interface SbsignInput {
  /** The program to sign; signatures that it has stay. */
  readonly efiFile: string
  /** PEM, without a passphrase. */
  readonly keyFile: string
  /** PEM. */
  readonly certificateFile: string
  readonly outputFile: string
}

/** Adds an Authenticode signature (SHA-256) to a PE file. Package sbsigntool. */
export function sbsignCall({ efiFile, keyFile, certificateFile, outputFile }: SbsignInput): ToolCall {
  return {
    tool: 'sbsign',
    args: [['--key', keyFile], ['--cert', certificateFile], ['--output', outputFile], [efiFile]].flat(),
  }
}
