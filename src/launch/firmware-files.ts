import { open, stat } from 'node:fs/promises'
import { CvmError } from '../model/errors.js'
import { flashMisfit } from '../model/flash-pair.js'
import type { LaunchFirmware, LaunchWishes } from '../model/launch.js'
import { chooseFirmware, type FirmwarePlaces, usualPlaces } from './firmware-choice.js'
import type { FirmwareKind } from './firmware-descriptor.js'

export type FirmwareWishes = Pick<LaunchWishes, 'firmwareCode' | 'firmwareVars' | 'firmwareImage' | 'secureBoot'>

/**
 * The UEFI firmware of a launch: files given, else those of an installed package. `vars` of the result is the template: a
 * machine gets a copy of its own.
 *
 * Code alone takes the variables of the installed firmware, and variables alone its code. With Secure Boot a given code
 * file is taken for one that needs SMM, as every code is that keeps its keys safe.
 *
 * @throws CvmError FIRMWARE_MISSING; LAUNCH_INVALID for a file that is not there, is no firmware, or does not fit the other one.
 */
export async function uefiFiles(
  wishes: FirmwareWishes,
  places: FirmwarePlaces = usualPlaces(process.env),
  kind: FirmwareKind = wishes.secureBoot === true ? 'secure-boot' : 'plain',
): Promise<Exclude<LaunchFirmware, { kind: 'bios' }>> {
  const { firmwareCode, firmwareVars, firmwareImage } = wishes
  if (firmwareImage !== undefined) {
    if (firmwareCode !== undefined || firmwareVars !== undefined) {
      throw new CvmError('LAUNCH_INVALID', 'a whole firmware image and a part of another firmware are given', {
        why: `${firmwareImage} holds both code and variables`,
      })
    }
    await assertRom(firmwareImage)
    return { kind: 'rom', path: firmwareImage }
  }
  if (firmwareCode === undefined && firmwareVars === undefined) {
    const { uefi, smm } = await chooseFirmware(kind, places)
    return { kind: 'uefi', ...uefi, smm }
  }
  // What is given is looked at first: a slip there is told even where no firmware is installed.
  const given = await Promise.all([firmwareCode, firmwareVars].map((path) => path && flashFile(path)))
  const chosen = given.includes(undefined) ? await chooseFirmware(kind, places) : undefined
  const code = firmwareCode ?? chosen?.uefi.code ?? ''
  const vars = firmwareVars ?? chosen?.uefi.vars ?? ''
  const smm = firmwareCode === undefined ? chosen?.smm === true : kind !== 'plain'
  return { kind: 'uefi', code, vars, format: await formatOfPair(code, vars), smm }
}

interface FlashFile {
  readonly format: 'raw' | 'qcow2'
  /** As the guest sees it. */
  readonly bytes: number
}

/** Halves of different builds would leave the guest without a word on its console. */
async function formatOfPair(code: string, vars: string): Promise<FlashFile['format']> {
  const [codeFile, varsFile] = await Promise.all([flashFile(code), flashFile(vars)])
  if (codeFile.format !== varsFile.format) {
    throw new CvmError('LAUNCH_INVALID', 'the code and the variables of the firmware have different formats', {
      why: `${code} is ${codeFile.format}, ${vars} is ${varsFile.format}`,
      next: `Convert one: qemu-img convert -O ${codeFile.format} …`,
    })
  }
  const why = flashMisfit(codeFile.bytes, varsFile.bytes)
  if (why === undefined) return codeFile.format
  throw new CvmError('LAUNCH_INVALID', 'the code and the variables of the firmware do not fit together', {
    why: `${code}, ${vars}: ${why}`,
    next: 'Give files of one build, for example OVMF_CODE_4M.fd and OVMF_VARS_4M.fd.',
  })
}

/** QEMU loads a ROM of whole 64 KiB blocks. Source: QEMU, hw/i386/x86-common.c, x86_bios_rom_init. */
async function assertRom(path: string): Promise<void> {
  const { format, bytes } = await flashFile(path)
  if (format === 'raw' && bytes % ROM_BLOCK_BYTES === 0) return
  throw new CvmError('LAUNCH_INVALID', `${path} is not a whole firmware image`, {
    why:
      format === 'raw'
        ? `it has ${bytes} bytes, which is no multiple of 64 KiB; the code and the variables of a split firmware look so`
        : `its format is ${format}, and QEMU loads raw ones only`,
    next: 'Give a file such as OVMF.fd.',
  })
}

async function flashFile(path: string): Promise<FlashFile> {
  const stats = await stat(path).catch((error: unknown) => {
    throw unusable(path, error)
  })
  if (!stats.isFile()) throw new CvmError('LAUNCH_INVALID', `the firmware file ${path} is not a regular file`)
  if (stats.size === 0) throw new CvmError('LAUNCH_INVALID', `the firmware file ${path} is empty`)
  const head = await headOf(path)
  if (head.toString('latin1', 0, 4) !== QCOW2_MAGIC) return { format: 'raw', bytes: stats.size }
  return { format: 'qcow2', bytes: head.length < QCOW2_HEAD_BYTES ? 0 : Number(head.readBigUInt64BE(24)) }
}

/** The start of a qcow2 header: magic, version, backing file, cluster bits, virtual size. Source: QEMU, docs/interop/qcow2.rst. */
async function headOf(path: string): Promise<Buffer> {
  try {
    await using file = await open(path, 'r')
    const { buffer, bytesRead } = await file.read(Buffer.alloc(QCOW2_HEAD_BYTES), 0, QCOW2_HEAD_BYTES, 0)
    return buffer.subarray(0, bytesRead)
  } catch (error) {
    throw unusable(path, error)
  }
}

function unusable(path: string, cause: unknown): CvmError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new CvmError('LAUNCH_INVALID', `the firmware file ${path} cannot be read`, { why, cause })
}

const ROM_BLOCK_BYTES = 64 * 1024
const QCOW2_MAGIC = 'QFI\xfb'
const QCOW2_HEAD_BYTES = 32
