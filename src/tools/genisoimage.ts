import type { ToolCall } from '../model/host.js'

/**
 * Packs the NoCloud seed.
 *
 * The volume label must be `cidata`; cloud-init finds the seed by that label only (cloud-init docs, reference/datasources/nocloud).
 * Level 3 allows long names; a file may have at most SEED_FILE_LIMIT_BYTES all the same, or genisoimage gives up.
 */
export function packIsoCall(seedDir: string, iso: string): ToolCall {
  return {
    tool: 'genisoimage',
    args: [
      ['-quiet'],
      ['-output', iso],
      ['-volid', 'cidata'],
      ['-joliet'],
      ['-rock'],
      ['-iso-level', '3'],
      [seedDir],
    ].flat(),
  }
}
