import { createHash } from 'node:crypto'

/** A file that goes into the guest's root file system, owned by root. */
export interface ProbeFile {
  /** Without the leading slash. */
  readonly path: string
  readonly bytes: Buffer
  /** Octal, such as 0o644. */
  readonly mode: number
  /** Type of its SELinux label. */
  readonly selinuxType: string
}

/**
 * A tar archive with the files, and the directories named in `directories` (those of them that the guest may lack).
 *
 * Every file has the label that IMA asks for where it appraises: security.ima is the digest, as `evmctl ima_hash` writes it
 * (Linux, security/integrity/integrity.h: type IMA_XATTR_DIGEST_NG, then the algorithm of hash_info.h, then the digest). A
 * policy that asks for signatures refuses it. The SELinux label is the one that the reference policy has for such a path.
 * Format: POSIX pax, with attributes as GNU tar and star write them (`SCHILY.xattr.`).
 */
export function probeArchive(directories: readonly string[], files: readonly ProbeFile[]): Buffer {
  return Buffer.concat([
    ...directories.map((path) => header({ path: `${path}/`, mode: 0o755, size: 0, type: DIRECTORY })),
    ...files.flatMap(({ path, bytes, mode, selinuxType }) => {
      const attributes = Buffer.concat([
        record('SCHILY.xattr.security.ima', imaLabel(bytes)),
        record('SCHILY.xattr.security.selinux', Buffer.from(`system_u:object_r:${selinuxType}:s0\0`)),
      ])
      return [
        header({ path: `${path}.attributes`, mode: 0o644, size: attributes.length, type: EXTENDED }),
        padded(attributes),
        header({ path, mode, size: bytes.length, type: REGULAR }),
        padded(bytes),
      ]
    }),
    Buffer.alloc(2 * BLOCK_BYTES),
  ])
}

/** The value of security.ima for a file with these bytes. */
export function imaLabel(bytes: Uint8Array): Buffer {
  return Buffer.concat([
    Buffer.from([IMA_XATTR_DIGEST_NG, HASH_ALGO_SHA256]),
    createHash('sha256').update(bytes).digest(),
  ])
}

interface Header {
  readonly path: string
  readonly mode: number
  readonly size: number
  readonly type: string
}

/** POSIX.1-1988 ustar header block: name 100, mode 8, uid 8, gid 8, size 12, mtime 12, checksum 8, type 1, …, magic at 257. */
function header({ path, mode, size, type }: Header): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES)
  if (block.write(path, 0, 'latin1') > 100) throw new Error(`the path is longer than a ustar header holds: ${path}`)
  block.write(octal(mode, 7), 100)
  block.write(octal(0, 7), 108)
  block.write(octal(0, 7), 116)
  block.write(octal(size, 11), 124)
  block.write(octal(0, 11), 136)
  block.write(' '.repeat(8), 148)
  block.write(type, 156)
  block.write('ustar\0' + '00', 257)
  // The sum of all bytes of the block, with blanks for the sum itself.
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${octal(sum, 6)}\0 `, 148)
  return block
}

/** `LENGTH KEY=VALUE\n`, where LENGTH counts itself. */
function record(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')])
  let length = rest.length + 1
  while (String(length).length + rest.length !== length) length += 1
  return Buffer.concat([Buffer.from(String(length)), rest])
}

function padded(bytes: Buffer): Buffer {
  const missing = (BLOCK_BYTES - (bytes.length % BLOCK_BYTES)) % BLOCK_BYTES
  return Buffer.concat([bytes, Buffer.alloc(missing)])
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0')
}

const BLOCK_BYTES = 512
const REGULAR = '0'
const DIRECTORY = '5'
const EXTENDED = 'x'
const IMA_XATTR_DIGEST_NG = 4
/** enum hash_algo, HASH_ALGO_SHA256: Linux, include/uapi/linux/hash_info.h. */
const HASH_ALGO_SHA256 = 4
