import { chmod, chown, copyFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { canReach } from '../host/accounts.js'
import { runToolOrFail } from '../host/run-tool.js'
import { inspectInput } from '../image/inspect-input.js'
import { readFileStart } from '../image/read-start.js'
import { assertSpace } from '../image/space.js'
import { createWorkImage } from '../image/work-image.js'
import type { Say } from '../model/events.js'
import type { Account } from '../model/host.js'
import type { ImageFormat, InputImage } from '../model/image.js'
import type { LaunchDisk, LaunchFirmware } from '../model/launch.js'

/** The files of one boot test, all in its scratch directory. */
export interface BootFiles {
  /** A throw-away layer over a disk, which is only read; `name` without an ending. */
  layer(disk: BootDisk, name: string): Promise<LaunchDisk>
  /** The firmware with variables of this test's own. */
  firmware(template: LaunchFirmware): Promise<LaunchFirmware>
  /** A path that QEMU's account can read: the file's own, or that of a copy. */
  readable(path: string, name: string): Promise<string>
}

/** A disk under a layer. */
export interface BootDisk {
  readonly path: string
  readonly format: ImageFormat
  /** When it was looked at already. */
  readonly image?: InputImage
}

export interface BootFilesPlace {
  readonly scratchDir: string
  /** The account that QEMU runs as; undefined: ours. */
  readonly account: Account | undefined
}

/**
 * Makes them. What QEMU's account cannot reach (in /root, say) is copied first: the simplest way that neither opens a directory nor
 * runs QEMU as root.
 *
 * The methods throw CvmError NO_SPACE, IMAGE_IN_USE, IO_ERROR.
 */
export function makingFiles(place: BootFilesPlace, say: Say): BootFiles {
  const { scratchDir, account } = place
  return {
    async layer(disk, name) {
      const image = disk.image ?? (await dataDisk(disk))
      const base = await reachableBase(image, `${name}-copy`, place, say)
      const path = join(scratchDir, `${name}.qcow2`)
      await createWorkImage({ input: base, path, backingName: name })
      await give(path, account)
      return layerDisk(path)
    },
    async firmware(template) {
      if (template.kind === 'bios') return template
      if (template.kind === 'rom') return { kind: 'rom', path: await this.readable(template.path, 'firmware.fd') }
      const vars = join(scratchDir, VARIABLES)
      await copyFile(template.vars, vars)
      await give(vars, account)
      return { ...template, code: await this.readable(template.code, 'firmware.fd'), vars }
    },
    async readable(path, name) {
      if (account === undefined || (await canReach(path, 'r', account))) return path
      const copy = join(scratchDir, name)
      await copyFile(path, copy)
      await give(copy, account)
      return copy
    },
  }
}

/** Only names them, for showing a command that is not run. */
export function namingFiles(scratchDir: string): BootFiles {
  return {
    layer: async (_disk, name) => layerDisk(join(scratchDir, `${name}.qcow2`)),
    firmware: async (template) =>
      template.kind === 'uefi' ? { ...template, vars: join(scratchDir, VARIABLES) } : template,
    readable: async (path) => path,
  }
}

/** A disk with data need not have a partition table; a qcow2 one is looked at as the image is. */
async function dataDisk({ path, format }: BootDisk): Promise<InputImage> {
  if (format === 'qcow2') return await inspectInput(path)
  const { identity, storedBytes } = await readFileStart(path)
  const fileSizeBytes = identity.sizeBytes
  return { path, format, virtualSizeBytes: fileSizeBytes, fileSizeBytes, storedBytes, identity, warnings: [] }
}

function layerDisk(path: string): LaunchDisk {
  return { path, format: 'qcow2', readOnly: false, throwAway: true }
}

async function reachableBase(
  image: InputImage,
  name: string,
  { scratchDir, account }: BootFilesPlace,
  say: Say,
): Promise<InputImage> {
  if (account === undefined || (await canReach(image.path, 'r', account))) return image
  const who = `${account.name}, the account that QEMU runs as, cannot read it where it is`
  say({ type: 'note', text: `${basename(image.path)} is copied first: ${who}` })
  await assertSpace(scratchDir, image.storedBytes, 0)
  const path = join(scratchDir, name)
  await runToolOrFail({ tool: 'cp', args: ['--reflink=auto', '--sparse=always', '--', image.path, path] })
  await give(path, account)
  return { ...image, path }
}

async function give(path: string, account: Account | undefined): Promise<void> {
  await chmod(path, 0o600)
  if (account !== undefined) await chown(path, account.uid, account.gid)
}

const VARIABLES = 'variables.fd'
