import { SECTOR_BYTES, sectorsOf } from '../../src/demo/guest-disk.js'
import { runToolOrFail } from '../../src/host/run-tool.js'
import type { GptEntry } from '../../src/tools/sgdisk.js'

/** Copies one partition of a demo guest's image (qcow2, only read) into a raw file of its own. */
export async function copyPartition(image: string, entry: GptEntry, to: string): Promise<void> {
  // All partitions of guestDisk() begin and end at a whole mebibyte.
  const mib = (sectors: number) => (sectors * SECTOR_BYTES) / 2 ** 20
  const [skip, count] = [mib(entry.firstSector), mib(sectorsOf(entry))]
  // The blocks that are skipped count, too.
  const blocks = ['bs=1M', `skip=${skip}`, `count=${skip + count}`]
  await runToolOrFail({
    tool: 'qemu-img',
    args: ['dd', '-f', 'qcow2', '-O', 'raw', ...blocks, `if=${image}`, `of=${to}`],
  })
}
