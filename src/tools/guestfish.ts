/**
 * Calls of guestfish, which reads and changes what is inside a disk image: it starts a small virtual machine of its own over
 * the image, so that the guest's file systems are never mounted by our kernel. Source: guestfish(1), guestfs(3).
 */
import type { ToolCall } from '../model/host.js'
import type { Accelerator, ImageFormat } from '../model/image.js'

export const GUESTFISH = 'guestfish'

/**
 * Debian and Ubuntu packages that guestfish needs. Its small machine runs a kernel of the host's /boot, which a container or
 * a machine with a kernel of its own lacks.
 */
export const GUESTFISH_PACKAGES = ['guestfs-tools', 'linux-image-cloud-amd64'] as const

export interface GuestfishInput {
  readonly disk: { readonly path: string; readonly format: ImageFormat }
  readonly readOnly: boolean
  readonly accel: Accelerator
  /** Its temporary files and sockets go here. */
  readonly scratchDir: string
  /** The guest's file systems are found and mounted as its fstab says; without it commands have to mount what they need. */
  readonly inspect?: boolean
  /** Words of each command, run in this order until one fails; `run` comes before the first of them. */
  readonly commands: readonly (readonly string[])[]
}

/**
 * Runs commands over a disk. Words reach guestfish as they are, whatever is in them: there is no quoting to get wrong.
 *
 * Paths on both sides must be absolute: guestfish takes `-` and `win:…` for something else.
 */
export function guestfishCall({ disk, readOnly, inspect, accel, scratchDir, commands }: GuestfishInput): ToolCall {
  return {
    tool: GUESTFISH,
    args: [
      readOnly ? ['--ro'] : ['--rw'],
      // The format goes before the disk that it is about.
      [`--format=${disk.format}`, '-a', absolute(disk.path)],
      // -i starts the machine by itself.
      inspect === true ? ['-i', '--'] : ['--', 'run', ':'],
      commands.flatMap((words, index) => [...(index === 0 ? [] : [':']), ...words.map(word)]),
    ].flat(),
    env: {
      // Without a libvirt in between.
      LIBGUESTFS_BACKEND: 'direct',
      // With a /dev/kvm that opens but does not work, its QEMU aborts instead of taking emulation.
      ...(accel === 'tcg' ? { LIBGUESTFS_BACKEND_SETTINGS: 'force_tcg' } : {}),
      LIBGUESTFS_TMPDIR: scratchDir,
    },
  }
}

export interface GuestfishFailure {
  /**
   * `no-appliance`: supermin could not build its small machine; nearly always there is no kernel in the host's /boot, or
   * this account may not read it. `no-launch`: the machine did not come up. `command`: a command failed inside.
   */
  readonly kind: 'no-appliance' | 'no-launch' | 'command'
  readonly why: string
}

/** What a failed call was about. Example: `*stdin*:0: libguestfs: error: /usr/bin/supermin exited with error status 1.` */
export function readGuestfishFailure(stderr: string): GuestfishFailure {
  const lines = stderr.split('\n').map((line) => line.trim().replace(/^\*?[\w.-]+\*?:\d+: /, ''))
  const errors = lines.filter((line) => /^libguestfs: error: /.test(line)).map((line) => line.slice(ERROR_MARK.length))
  const own = lines.find((line) => line.startsWith(OWN_MARK))?.slice(OWN_MARK.length)
  const why = errors[0] ?? own ?? lines.findLast((line) => line !== '') ?? ''
  if (errors.some((line) => /supermin exited with error/.test(line))) return { kind: 'no-appliance', why }
  const launch = errors.some((line) => /guestfs_launch failed|appliance closed|killed by signal/.test(line))
  return { kind: launch ? 'no-launch' : 'command', why }
}

/** A lone colon parts commands. */
function word(text: string): string {
  if (text === ':') throw new Error('guestfish takes a word of one colon for the end of a command')
  return text
}

function absolute(path: string): string {
  if (!path.startsWith('/')) throw new Error(`guestfish needs an absolute path, not ${JSON.stringify(path)}`)
  return path
}

const ERROR_MARK = 'libguestfs: error: '
const OWN_MARK = 'guestfish: '
