import { lstat, mkdir, readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type BootProgramKind, bootProgramKind } from '../firmware/pe/boot-program.js'
import type { Janitor } from '../host/janitor.js'
import { type BootPlaces, BY_FSTAB, bootPlaces } from '../image/boot-places.js'
import { CvmError } from '../model/errors.js'
import type { Accelerator, DiskLayout } from '../model/image.js'
import { runGuestfish } from './inside-image.js'

/** A program that boots the guest, taken out of the image. */
export interface BootProgram {
  /** As a person names it: `EFI/BOOT/BOOTX64.EFI`, `/boot/vmlinuz-6.12.1`. */
  readonly name: string
  /** In the image, as guestfish sees it. */
  readonly remote: string
  /** The copy here. */
  readonly local: string
  readonly kind: BootProgramKind
  readonly bytes: Buffer
  /** Its IMA label (security.ima), hex. */
  readonly label?: string
}

export interface BootChain {
  readonly places: BootPlaces
  readonly programs: readonly BootProgram[]
  /** Programs of GUEST_PROGRAMS that the guest has. */
  readonly guestPrograms: readonly string[]
  /** IMA label of a file in /etc, hex, where such files have one. */
  readonly etcLabel?: string
}

/** What else is written with boot programs: commands of guestfish, with their paths below `root`. */
export type MoreWrites = (root: string) => readonly (readonly string[])[]

export interface WrittenChain {
  /** The bytes that are in the disk now, by the names of the programs. */
  readonly bytes: ReadonlyMap<string, Buffer>
  /** All that guestfish printed. */
  readonly said: string
}

export interface ChainDisk {
  /** A qcow2 layer that nobody else uses now. */
  readonly path: string
  readonly layout: DiskLayout
  readonly accel: Accelerator
  /** An empty directory, for files and for guestfish itself. */
  readonly scratchDir: string
  readonly janitor: Janitor
  readonly signal: AbortSignal
}

/**
 * Copies boot loaders, kernels and unified kernel images out of a disk.
 *
 * @throws {CvmError} TOOL_MISSING, TOOL_FAILED; CHECK_FAILED when one is larger than any firmware would load.
 */
export async function takeBootChain(disk: ChainDisk): Promise<BootChain> {
  const places = bootPlaces(disk.layout, true)
  const chain = await take(disk, places)
  if (chain.programs.length > 0 || places.inspect) return chain
  // Subvolumes, say, of which only the fstab knows.
  return await take(disk, BY_FSTAB)
}

async function take(disk: ChainDisk, places: BootPlaces): Promise<BootChain> {
  const dir = join(disk.scratchDir, places.inspect ? 'chain-by-fstab' : 'chain')
  await mkdir(join(dir, 'boot'), { recursive: true, mode: 0o700 })
  const said = await runGuestfish(
    {
      disk: { path: disk.path, format: 'qcow2' },
      readOnly: true,
      inspect: places.inspect,
      accel: disk.accel,
      scratchDir: disk.scratchDir,
      commands: [
        ...places.mount,
        // A sparse file would fill this machine's disk.
        ['debug', 'sh', refuseOddFiles(places)],
        // The dash: it goes on when there is none.
        ['-glob', 'copy-out', `${places.boot}/vmlinuz-*`, join(dir, 'boot')],
        ['-copy-out', places.efi, dir],
        ['-debug', 'sh', listEntryKernels(places)],
        // When a file has no label, getfattr fails, and guestfish would keep back what it says of the others.
        ['-debug', 'sh', `getfattr --absolute-names -h -n security.ima -e hex ${labelled(places)}; true`],
        ['-debug', 'sh', lookForPrograms(places)],
      ],
    },
    { janitor: disk.janitor, signal: disk.signal },
  )
  const labels = readLabels(said)
  const kernels = await filesBelow(join(dir, 'boot'))
  const loaders = await filesBelow(join(dir, 'EFI'))
  const programs: Omit<BootProgram, 'kind' | 'bytes'>[] = [
    ...kernels.map((name) => ({
      name: `/boot/${name}`,
      remote: `${places.boot}/${name}`,
      local: join(dir, 'boot', name),
      ...labelOf(labels, `${places.boot}/${name}`),
    })),
    ...loaders
      .filter((name) => /\.efi$/i.test(name))
      .map((name) => ({ name: `EFI/${name}`, remote: `${places.efi}/${name}`, local: join(dir, 'EFI', name) })),
  ]
  programs.push(...(await takeEntryKernels(said, disk, places)))
  const read = await Promise.all(programs.map(withBytes))
  const etcLabel = labels.get(`${places.root}${FILE_OF_ETC}`)
  return {
    places,
    programs: read.filter((program) => program !== undefined),
    guestPrograms: GUEST_PROGRAMS.filter((name) => said.split('\n').includes(`${PROGRAM_MARK}${name}`)),
    ...(etcLabel === undefined ? {} : { etcLabel }),
  }
}

/**
 * Kernels that kernel-install has copied for boot entries, as systemd-boot starts them. Their paths are known only now, and few guests
 * have any, so these pay for another start of guestfish.
 */
async function takeEntryKernels(
  said: string,
  disk: ChainDisk,
  { mount, inspect, ...places }: BootPlaces,
): Promise<readonly Omit<BootProgram, 'kind' | 'bytes'>[]> {
  const remotes = said.split('\n').flatMap((line) => /^\/sysroot(\/.+\/linux)$/.exec(line)?.[1] ?? [])
  const safe = [...new Set(remotes)].filter((path) =>
    path
      .slice(1)
      .split('/')
      .every((name) => SAFE_NAME.test(name)),
  )
  if (safe.length === 0) return []
  const dir = join(disk.scratchDir, inspect ? 'entries-by-fstab' : 'entries')
  await mkdir(dir, { mode: 0o700 })
  const found = safe.map((remote, index) => ({
    name: remote.startsWith(`${places.boot}/`)
      ? `/boot${remote.slice(places.boot.length)}`
      : remote.slice(espOf(places).length + 1),
    remote,
    local: join(dir, String(index)),
  }))
  const { path, accel, scratchDir, janitor, signal } = disk
  await runGuestfish(
    {
      disk: { path, format: 'qcow2' },
      readOnly: true,
      inspect,
      accel,
      scratchDir,
      commands: [...mount, ...found.map(({ remote, local }) => ['download', remote, local])],
    },
    { janitor, signal },
  )
  return found
}

/** Source: UAPI, Boot Loader Specification: `ENTRY-TOKEN/KERNEL-VERSION/linux` on the EFI system partition or the one for /boot. */
function listEntryKernels(places: Pick<BootPlaces, 'boot' | 'efi'>): string {
  return `${findEntryKernels(places)} -type f 2>/dev/null; true`
}

function findEntryKernels({ boot, efi }: Pick<BootPlaces, 'boot' | 'efi'>): string {
  return `find /sysroot${espOf({ efi })} /sysroot${boot} -mindepth 3 -maxdepth 3 -name linux`
}

function espOf({ efi }: Pick<BootPlaces, 'efi'>): string {
  return dirname(efi)
}

/**
 * Writes programs over those in the disk: owner, mode and extended attributes stay, IMA labels are those that `labels` has.
 *
 * Reads them back.
 *
 * @throws {CvmError} TOOL_FAILED, for example when the EFI system partition is full.
 */
export async function putBootPrograms(
  disk: ChainDisk,
  places: BootPlaces,
  programs: readonly BootProgram[],
  more: MoreWrites = () => [],
): Promise<WrittenChain> {
  const writable = places.inspect ? places : bootPlaces(disk.layout, false)
  const back = join(disk.scratchDir, 'written')
  await mkdir(back, { mode: 0o700 })
  const readBack = (index: number) => join(back, String(index))
  const said = await runGuestfish(
    {
      disk: { path: disk.path, format: 'qcow2' },
      readOnly: false,
      inspect: writable.inspect,
      accel: disk.accel,
      scratchDir: disk.scratchDir,
      commands: [
        ...writable.mount,
        ...programs.map(({ local, remote }) => ['upload', local, remote]),
        ...programs.flatMap(({ label, remote }) =>
          label === undefined ? [] : [['debug', 'sh', `setfattr -n security.ima -v 0x${label} /sysroot${remote}`]],
        ),
        ...more(writable.root),
        ['sync'],
        ['drop-caches', '3'],
        ...programs.map(({ remote }, index) => ['download', remote, readBack(index)]),
      ],
    },
    { janitor: disk.janitor, signal: disk.signal },
  )
  const written = await Promise.all(
    programs.map(async ({ name }, index) => [name, await readFile(readBack(index))] as const),
  )
  return { bytes: new Map(written), said }
}

/**
 * Fails in guestfish's machine for a file that is larger than LARGEST_MIB, and for what is no file: a link to a device would never
 * end. All words are ours.
 */
function refuseOddFiles({ boot, efi }: BootPlaces): string {
  const [kernels, loaders] = [`find /sysroot${boot} -maxdepth 1 -name 'vmlinuz-*'`, `find /sysroot${efi}`]
  const large = `-type f -size +${LARGEST_MIB}M`
  const odd = [
    `${kernels} ! -type f`,
    `${kernels} ${large}`,
    `${loaders} ! -type f ! -type d`,
    `${loaders} ${large}`,
    `${findEntryKernels({ boot, efi })} ${large}`,
  ]
  const words = `a kernel or boot loader is no regular file, or has more than ${LARGEST_MIB} MiB`
  return `if { ${odd.join('; ')}; } 2>/dev/null | grep -q .; then echo ${words} >&2; exit 1; fi`
}

/** Kernels, and a file that tells how those in /etc are labelled. */
function labelled({ boot, root }: BootPlaces): string {
  return `/sysroot${boot}/vmlinuz-* /sysroot${root}${FILE_OF_ETC}`
}

function lookForPrograms({ root }: BootPlaces): string {
  const each = GUEST_PROGRAMS.map((name) => {
    const places = PROGRAM_DIRECTORIES.map((dir) => `[ -e /sysroot${root}${dir}/${name} ]`)
    return `{ ${places.join(' || ')}; } && echo ${PROGRAM_MARK}${name}`
  })
  return `${each.join('; ')}; true`
}

/** `# file: PATH`, then `security.ima=0xHEX`. Source: getfattr(1). */
function readLabels(text: string): ReadonlyMap<string, string> {
  const labels = new Map<string, string>()
  let path: string | undefined
  for (const line of text.split('\n')) {
    path = /^# file: \/sysroot(.+)$/.exec(line)?.[1] ?? path
    const label = /^security\.ima=0x([0-9a-f]+)$/i.exec(line)?.[1]
    if (label !== undefined && path !== undefined) labels.set(path, label.toLowerCase())
  }
  return labels
}

function labelOf(labels: ReadonlyMap<string, string>, remote: string): { readonly label?: string } {
  const label = labels.get(remote)
  return label === undefined ? {} : { label }
}

/** Relative paths of the regular files; names that would mean something to a shell or to guestfish are not looked at. */
async function filesBelow(dir: string, prefix = ''): Promise<readonly string[]> {
  const names = await readdir(join(dir, prefix)).catch(() => [])
  const found: string[] = []
  for (const name of names.filter((each) => SAFE_NAME.test(each)).sort()) {
    const path = prefix === '' ? name : `${prefix}/${name}`
    const facts = await lstat(join(dir, path))
    if (facts.isDirectory() && path.split('/').length < DEEPEST) found.push(...(await filesBelow(dir, path)))
    else if (facts.isFile()) found.push(path)
  }
  return found
}

/** Undefined for a file that no firmware would load. */
async function withBytes(program: Omit<BootProgram, 'kind' | 'bytes'>): Promise<BootProgram | undefined> {
  const bytes = await readFile(program.local)
  try {
    return { ...program, kind: bootProgramKind(bytes), bytes }
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw new CvmError('IO_ERROR', `${program.name} cannot be looked at`, { cause: error })
  }
}

const SAFE_NAME = /^[A-Za-z0-9_][A-Za-z0-9._+~-]{0,200}$/
const DEEPEST = 8
/** Programs that decide what a guest can do with a key. */
const GUEST_PROGRAMS = ['sbsign', 'kernel-install'] as const
const PROGRAM_DIRECTORIES = ['/usr/bin', '/usr/local/bin', '/usr/sbin', '/bin'] as const
const PROGRAM_MARK = 'cvm: the guest has '
/** There in every guest. */
const FILE_OF_ETC = '/etc/passwd'
/** Unified kernel images have up to 100 MiB or so. */
const LARGEST_MIB = 512
