import { homedir } from 'node:os'
import { join } from 'node:path'
import { buildDemoGuest, type DemoGuestRecipe } from '../../src/demo/demo-guest.js'

/** The guest that most tests use: UEFI with signed boot loaders, as confidential VMs have it. */
export const TRIXIE_UEFI: DemoGuestRecipe = { suite: 'trixie', boot: 'uefi', variant: 'cloud' }

/** The older guest, which a BIOS starts. */
export const BOOKWORM_BIOS: DemoGuestRecipe = { suite: 'bookworm', boot: 'bios', variant: 'cloud' }

/** Comes up, but nothing in it reads a seed. */
export const NO_CLOUD_INIT: DemoGuestRecipe = { suite: 'bookworm', boot: 'bios', variant: 'no-cloud-init' }

/** Its initrds are made by dracut. */
export const TRIXIE_DRACUT: DemoGuestRecipe = { ...TRIXIE_UEFI, initrd: 'dracut' }

/** Its root has another file system than most. */
export const TRIXIE_XFS: DemoGuestRecipe = { ...TRIXIE_UEFI, rootFs: 'xfs' }
export const TRIXIE_BTRFS: DemoGuestRecipe = { ...TRIXIE_UEFI, rootFs: 'btrfs' }

/**
 * Path of a read-only guest image for a test; built once per machine, in about a minute, then taken from the cache.
 *
 * A test must not write to it: its name is shared by all tests and by the demo command.
 */
export async function demoGuest(recipe: DemoGuestRecipe): Promise<string> {
  const cacheHome = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  const say = (line: string) => process.stderr.write(`guest ${Object.values(recipe).join(' ')}: ${line}\n`)
  return (await buildDemoGuest(recipe, join(cacheHome, 'cvm-image-rewriter', 'guests'), say)).path
}
