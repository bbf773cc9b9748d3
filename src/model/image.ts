export type ImageFormat = 'qcow2' | 'raw'
export type Firmware = 'uefi' | 'bios'
export type Accelerator = 'kvm' | 'tcg'

/** What our own reading of the input's first bytes and its file entry says; made before any program opens the image. */
export interface InputImage {
  /** Absolute path as the user gave it. */
  readonly path: string
  readonly format: ImageFormat
  readonly virtualSizeBytes: number
  readonly fileSizeBytes: number
  /** What it takes on its disk: less than its size when it has holes. */
  readonly storedBytes: number
  /** To notice that the file changes while it is in use. */
  readonly identity: FileIdentity
  readonly warnings: readonly string[]
}

export interface FileIdentity {
  readonly dev: string
  readonly ino: string
  readonly sizeBytes: number
  readonly mtimeNs: string
}

/** What the partition table of a disk shows. */
export interface DiskLayout {
  readonly table: 'gpt' | 'mbr'
  readonly partitions: readonly Partition[]
  /** An EFI system partition is there. */
  readonly hasEsp: boolean
  /** Something a BIOS can start: boot code in the first sector. */
  readonly hasBiosBoot: boolean
}

export interface Partition {
  readonly number: number
  /** GPT type GUID in lower case, or the MBR type as two hex digits. */
  readonly type: string
  /** As Linux names it in root=PARTUUID=…: the GPT's unique GUID, or the MBR's disk signature and the number, `9a3c1f02-01`. */
  readonly uuid: string
  readonly firstSector: number
  readonly sectors: number
}

/** The largest virtual disk that is accepted: 2 TiB. A file of one megabyte can declare 60 TiB. */
export const MAX_VIRTUAL_SIZE_BYTES = 2 * 2 ** 40
