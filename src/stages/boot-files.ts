import { chmod, chown, copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { canReach } from '../host/accounts.js'
import { runToolOrFail } from '../host/run-tool.js'
import { assertSpace } from '../image/space.js'
import { createWorkImage } from '../image/work-image.js'
import { chooseFirmware } from '../launch/firmware-choice.js'
import type { Say } from '../model/events.js'
import type { Account } from '../model/host.js'
import type { Firmware, InputImage } from '../model/image.js'
import type { LaunchDisk, LaunchFirmware, LaunchWishes } from '../model/launch.js'

export interface BootFilesPlace {
  readonly scratchDir: string
  /** The account that QEMU runs as; undefined: ours. */
  readonly account: Account | undefined
}

/**
 * A throw-away layer over the image that QEMU's account may write. An image that this account cannot reach (in /root,
 * say) is copied first: the simplest way that neither opens its directory nor runs QEMU as root.
 *
 * @throws CvmError NO_SPACE, IMAGE_IN_USE, IO_ERROR.
 */
export async function prepareDisk(image: InputImage, place: BootFilesPlace, say: Say): Promise<LaunchDisk> {
  const base = await reachableBase(image, place, say)
  const path = join(place.scratchDir, 'layer.qcow2')
  await createWorkImage({ input: base, path, backingName: 'image' })
  await give(path, place.account)
  return { path, format: 'qcow2', readOnly: false, throwAway: true }
}

/**
 * What the launch needs of the firmware; for UEFI a copy of the variable store that QEMU's account may write.
 *
 * @throws CvmError FIRMWARE_MISSING.
 */
export async function prepareFirmware(
  kind: Firmware,
  _wishes: LaunchWishes,
  place: BootFilesPlace,
): Promise<LaunchFirmware> {
  if (kind === 'bios') return { kind: 'bios' }
  const { uefi } = await chooseFirmware()
  const vars = join(place.scratchDir, 'variables.fd')
  await copyFile(uefi.vars, vars)
  await give(vars, place.account)
  return { kind: 'uefi', code: uefi.code, vars, format: uefi.format, smm: false }
}

async function reachableBase(
  image: InputImage,
  { scratchDir, account }: BootFilesPlace,
  say: Say,
): Promise<InputImage> {
  if (account === undefined || (await canReach(image.path, 'r', account))) return image
  say({
    type: 'note',
    text: `the image is copied first: ${account.name}, the account that QEMU runs as, cannot read it where it is`,
  })
  await assertSpace(scratchDir, image.storedBytes, 0)
  const path = join(scratchDir, 'copy')
  await runToolOrFail({ tool: 'cp', args: ['--reflink=auto', '--sparse=always', '--', image.path, path] })
  await give(path, account)
  return { ...image, path }
}

async function give(path: string, account: Account | undefined): Promise<void> {
  await chmod(path, 0o600)
  if (account !== undefined) await chown(path, account.uid, account.gid)
}
