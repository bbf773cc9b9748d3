import { randomBytes } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runToolOrFail } from '../host/run-tool.js'
import { CvmError } from '../model/errors.js'
import type { DiskLayout, ImageFormat } from '../model/image.js'
import { firstSectorsCall } from '../tools/qemu-img.js'
import { foreignSystem, readDiskTable } from './disk-layout.js'
import { recogniseBareVolume } from './foreign-formats.js'
import { quoted } from './quoted.js'

/**
 * Reads the partition table of an image that was inspected before; `scratchDir` holds the first sectors for a moment.
 *
 * @throws CvmError IMAGE_FOREIGN_SYSTEM; IMAGE_NOT_BOOTABLE when there is no table, or neither an EFI system partition nor boot code; TOOL_FAILED.
 */
export async function readDiskLayout(
  image: { readonly path: string; readonly format: ImageFormat },
  scratchDir: string,
): Promise<DiskLayout> {
  const start = await readFirstSectors(image, scratchDir)
  const reading = readDiskTable(start)
  if (!reading.ok) {
    const bare = recogniseBareVolume(start)
    const why = bare === undefined ? reading.message : `it is ${bare.what}`
    throw new CvmError('IMAGE_NOT_BOOTABLE', `no firmware could start ${quoted(image.path)}`, { why })
  }
  const { layout } = reading
  const foreign = foreignSystem(layout)
  if (foreign !== undefined) {
    throw new CvmError('IMAGE_FOREIGN_SYSTEM', `${quoted(image.path)} holds ${foreign}`, {
      why: 'the types of its partitions say so',
    })
  }
  if (!layout.hasEsp && !layout.hasBiosBoot) {
    const why = `its ${layout.table.toUpperCase()} lists ${layout.partitions.length} partitions, none of them an EFI system partition, and its first sector holds no boot code`
    throw new CvmError('IMAGE_NOT_BOOTABLE', `no firmware could start ${quoted(image.path)}`, { why })
  }
  return layout
}

async function readFirstSectors(
  image: { readonly path: string; readonly format: ImageFormat },
  scratchDir: string,
): Promise<Buffer> {
  const sectorsFile = join(scratchDir, `first-sectors-${randomBytes(4).toString('hex')}`)
  try {
    await runToolOrFail(firstSectorsCall(image.path, image.format, SECTORS, sectorsFile), { timeoutMs: TIMEOUT_MS })
    return await readFile(sectorsFile)
  } finally {
    await rm(sectorsFile, { force: true })
  }
}

/** 34 hold a GPT of the usual 128 entries; the rest is room for larger ones and for the magic of bare file systems. */
const SECTORS = 160
const TIMEOUT_MS = 60_000
