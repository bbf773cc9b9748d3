import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { guestDisk, offsetBytes } from '../../src/demo/guest-disk.js'
import { runToolOrFail } from '../../src/host/run-tool.js'

/**
 * Flips one bit of a file of a UEFI demo guest's image from outside, as somebody could who can write the disk.
 *
 * @param layer a qcow2 layer over the image, written to
 * @param offset where in the file, below 4096
 */
export async function flipOneByte(
  image: string,
  layer: string,
  file: string,
  offset: number,
  dir: string,
): Promise<void> {
  const disk = join(dir, 'tamper.raw')
  const rootBytes = offsetBytes(guestDisk('uefi').root)
  // The whole disk: the guest may have made its last partition, the root, larger than it was built.
  await runToolOrFail({ tool: 'qemu-img', args: ['convert', '-f', 'qcow2', '-O', 'raw', image, disk] })
  const debugfs = async (request: string) => {
    const { stdout, stderr } = await runToolOrFail({
      tool: 'debugfs',
      args: ['-R', request, `${disk}?offset=${rootBytes}`],
    })
    return { stdout, said: stdout + stderr }
  }
  const blockBytes = Number(/^Block size: +(\d+)$/m.exec((await debugfs('stats')).stdout)?.[1])
  const place = await debugfs(`bmap ${file} 0`)
  await rm(disk)
  const block = Number(place.stdout.trim())
  if (!(blockBytes > 0 && block > 0)) throw new Error(`where ${file} is on the disk was not told: ${place.said}`)
  const at = rootBytes + block * blockBytes + offset
  const io = async (command: string) =>
    (await runToolOrFail({ tool: 'qemu-io', args: ['-f', 'qcow2', '-c', command, layer] })).stdout
  const before = Number.parseInt(/^[0-9a-f]+: +([0-9a-f]{2})/m.exec(await io(`read -v ${at} 1`))?.[1] ?? '', 16)
  if (Number.isNaN(before)) throw new Error('qemu-io did not show the byte')
  await io(`write -P ${before ^ 1} ${at} 1`)
}
