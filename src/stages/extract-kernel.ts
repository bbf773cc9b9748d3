import { lstat, mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { newestKernel, rootOf } from '../guest/kernel-choice.js'
import { CvmError } from '../model/errors.js'
import type { Say } from '../model/events.js'
import type { Accelerator, ImageFormat } from '../model/image.js'
import type { BootPlace } from './boot-hooks.js'
import { runGuestfish } from './inside-image.js'

export interface ExtractKernelInput {
  /** Only read. */
  readonly image: { readonly path: string; readonly format: ImageFormat }
  readonly accel: Accelerator
  readonly place: BootPlace
  readonly say: Say
  readonly signal: AbortSignal
}

export interface ExtractedKernel {
  /** Paths in the scratch, readable by us. */
  readonly kernel: string
  readonly initrd?: string
  /** Such as 6.12.48+deb13-cloud-amd64. */
  readonly version: string
  /** Value of root= that the image's boot loader gives to this kernel; absent when it does not say. */
  readonly root?: string
}

/**
 * Copies the newest kernel of an image, and the initrd that belongs to it, from its /boot.
 *
 * libguestfs finds the file systems, by the guest's own /etc/fstab; an image with an unusual system, or with several, has to be
 * started with a kernel that is given.
 *
 * @throws {CvmError} TOOL_MISSING (guestfish), GUEST_NOT_BOOTABLE when there is no kernel, TOOL_FAILED.
 */
export async function extractKernel({
  image,
  accel,
  place,
  say,
  signal,
}: ExtractKernelInput): Promise<ExtractedKernel> {
  const dir = join(place.scratchDir, 'boot')
  const entries = join(dir, 'entries')
  await mkdir(entries, { recursive: true, mode: 0o700 })
  say({ type: 'step', text: 'looking for the kernel in the image with guestfish' })
  const options = { janitor: place.janitor, signal }
  // One start of guestfish for all: it costs more than copying a kernel too many. The dash: a guest has only some of these.
  const commands = [
    ...KERNEL_FILES.map((pattern) => ['-glob', 'copy-out', pattern, dir]),
    ...CONFIG_FILES.map((pattern) => ['-glob', 'copy-out', pattern, entries]),
  ]
  await runGuestfish(
    { disk: image, readOnly: true, inspect: true, accel, scratchDir: place.scratchDir, commands },
    options,
  ).catch((error: unknown) => {
    throw error instanceof CvmError && error.code === 'TOOL_FAILED' ? unread(error) : error
  })

  const choice = newestKernel(await regularFiles(dir))
  if (choice === undefined) throw noKernel()
  const configs = await Promise.all((await regularFiles(entries)).map((name) => readFile(join(entries, name), 'utf8')))
  const root = rootOf(choice.kernel, configs)
  say({ type: 'step', text: `kernel of the image: ${choice.version}` })
  return {
    kernel: join(dir, choice.kernel),
    ...(choice.initrd === undefined ? {} : { initrd: join(dir, choice.initrd) }),
    version: choice.version,
    ...(root === undefined ? {} : { root }),
  }
}

/** A link in the guest's /boot would lead to a file of ours. */
async function regularFiles(dir: string): Promise<readonly string[]> {
  const names = (await readdir(dir)).sort()
  const stats = await Promise.all(names.map((name) => lstat(join(dir, name))))
  return names.filter((_, index) => stats[index]?.isFile() === true)
}

function unread(error: CvmError): CvmError {
  return new CvmError('TOOL_FAILED', 'the kernel could not be copied from the image', {
    why: error.why ?? error.message,
    next: 'Give a kernel and an initrd: -k and --initrd.',
    cause: error,
  })
}

function noKernel(): CvmError {
  return new CvmError('GUEST_NOT_BOOTABLE', 'there is no kernel in /boot of the image', {
    why: 'no file there is named like one: vmlinuz-6.12',
    next: 'Give a kernel and an initrd: -k and --initrd.',
  })
}

const KERNEL_FILES = ['/boot/vmlinuz-*', '/boot/initrd.img-*', '/boot/initramfs-*', '/boot/initrd-*']
const CONFIG_FILES = ['/boot/grub/grub.cfg', '/boot/grub2/grub.cfg', '/boot/loader/entries/*.conf']
