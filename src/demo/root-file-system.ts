import { rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ToolCall } from '../model/host.js'
import { copyIntoCall } from '../tools/dd.js'
import { makeExt4Call } from '../tools/mke2fs.js'
import { makeBtrfsCall } from '../tools/mkfs-btrfs.js'
import { makeXfsCall, setXfsModeCall } from '../tools/xfsprogs.js'
import { type RootFs, rootLabel } from './recipe.js'
import type { RootTree } from './root-tree.js'
import { isKind, readTree } from './tree-entries.js'
import { stickyEntries, xfsPrototype } from './xfs-prototype.js'

export interface RootFileSystemInput {
  readonly kind: RootFs
  readonly tree: RootTree
  readonly uuid: string
  /** Disk image that it is written into, zeros until now. */
  readonly disk: string
  readonly offsetBytes: number
  readonly sizeBytes: number
  readonly scratchDir: string
}

/** Writes the tree as a file system into its place on the disk; `run` runs a program that must succeed. */
export async function writeRootFileSystem(
  input: RootFileSystemInput,
  run: (call: ToolCall) => Promise<void>,
): Promise<void> {
  const { kind, tree, uuid, disk, offsetBytes, sizeBytes } = input
  const label = rootLabel(kind)
  if (kind === 'ext4') {
    await run(tree.seenAsRoot(makeExt4Call({ disk, offsetBytes, sizeBytes, label, uuid, tree: tree.path })))
    return
  }
  // Of these programs none can write behind an offset.
  const file = join(input.scratchDir, 'root-fs.raw')
  await writeFile(file, '')
  await truncate(file, sizeBytes)
  if (kind === 'btrfs') await writeBtrfs({ ...input, label, file }, run)
  else await writeXfs({ ...input, label, file }, run)
  await run(copyIntoCall(file, disk, offsetBytes))
  await rm(file)
}

interface WholeFileInput extends RootFileSystemInput {
  readonly label: string
  /** A file of its size. */
  readonly file: string
}

/** Without device nodes: mkfs.btrfs would give all of them the numbers 0:0. The kernel fills the guest's /dev itself. */
async function writeBtrfs(
  { tree, uuid, label, file }: WholeFileInput,
  run: (call: ToolCall) => Promise<void>,
): Promise<void> {
  const nodes = (await readTree(tree)).filter((entry) => isKind(entry, 'characters') || isKind(entry, 'blocks'))
  for (const { path } of nodes) await rm(join(tree.path, path))
  await run(tree.seenAsRoot(makeBtrfsCall({ file, label, uuid, tree: tree.path })))
}

async function writeXfs(
  { tree, uuid, label, file, scratchDir }: WholeFileInput,
  run: (call: ToolCall) => Promise<void>,
): Promise<void> {
  const entries = await readTree(tree)
  const prototype = join(scratchDir, 'prototype')
  await writeFile(prototype, xfsPrototype(entries))
  await run(makeXfsCall({ file, label, uuid, tree: tree.path, prototype }))
  for (const { path, mode } of stickyEntries(entries)) await run(setXfsModeCall(file, `/${path}`, mode))
  await rm(prototype)
}
