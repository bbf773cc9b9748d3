import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { aGrub, aKernel, aShim, aUki } from '../../fixtures/boot-programs.js'
import { aGptDisk, ESP, LINUX } from '../../unit/image/a-disk.js'
import { aBench, type Bench } from './rewrite-bench.js'

const FAKE = fileURLToPath(new URL('../../fixtures/bin/fake-guestfish/guestfish', import.meta.url))
export const KERNEL = 'vmlinuz-6.1.0'
const runFile = promisify(execFile)

/**
 * A bench whose guest has an EFI system partition with shim, grub, a kernel and a unified kernel image.
 *
 * @param vendorCertificate file of the certificate in its shim
 */
export async function aUefiBench(vendorCertificate: string): Promise<Bench> {
  const bench = await aBench()
  const disk = aGptDisk(
    [
      { type: LINUX, first: 80, last: 100 },
      { type: ESP, first: 101, last: 140 },
    ],
    8 << 20,
  )
  await writeFile(bench.at('guest.raw'), disk)
  await runFile('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', bench.at('guest.raw'), bench.at('guest.qcow2')])
  await copyFile(FAKE, join(bench.bin, 'guestfish'))
  const guest = join(bench.bin, 'guest')
  await mkdir(join(guest, 'root/boot'), { recursive: true })
  await mkdir(join(guest, 'esp/EFI/debian'), { recursive: true })
  await mkdir(join(guest, 'esp/EFI/Linux'), { recursive: true })
  const pem = readFileSync(vendorCertificate, 'latin1').replace(/-----[^-]+-----|\s/g, '')
  await writeFile(join(guest, 'esp/EFI/debian/shimx64.efi'), aShim(Buffer.from(pem, 'base64')))
  await writeFile(join(guest, 'esp/EFI/debian/grubx64.efi'), aGrub())
  await writeFile(join(guest, 'esp/EFI/debian/grub.cfg'), 'not a program')
  await writeFile(join(guest, 'esp/EFI/Linux/uki.efi'), aUki())
  await writeFile(join(guest, 'root/boot', KERNEL), aKernel())
  return bench
}

/** A file that the run has written. */
export const json = (bench: Bench, name: string) => JSON.parse(readFileSync(bench.at(name), 'utf8'))

/** A file of the played guest. */
export const inGuest = (bench: Bench, path: string) => readFileSync(join(bench.bin, 'guest', path))
