import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { findTool } from '../host/find-tool.js'
import { CvmError } from '../model/errors.js'
import type { RootFs } from './recipe.js'

/** Debian packages that the builder itself needs on this host. */
export const demoPackages: readonly string[] = [
  'mmdebstrap',
  'debian-archive-keyring',
  'uidmap',
  'fakeroot',
  'gdisk',
  'e2fsprogs',
  'dosfstools',
  'mtools',
  'qemu-utils',
]

/** Debian packages that it needs for guests that the demo command does not make. */
export const otherGuestPackages: readonly string[] = ['xfsprogs', 'btrfs-progs']

/**
 * Looks whether this host can build a guest with this root file system at all, before anything is downloaded.
 *
 * @throws {CvmError} TOOL_MISSING with all missing programs; BUILDER_UNABLE when the kernel or the account does not allow it.
 */
export async function checkBuilder(rootFs: RootFs = 'ext4'): Promise<void> {
  const missing: string[] = []
  for (const tool of toolsFor(rootFs)) {
    if ((await findTool(tool)) === undefined) missing.push(tool)
  }
  if (missing.length > 0) {
    throw new CvmError('TOOL_MISSING', `Building the demo guest needs ${missing.join(', ')}`, {
      next: `sudo apt-get install -y ${[...demoPackages, ...(rootFs === 'ext4' ? [] : otherGuestPackages)].join(' ')}`,
    })
  }
  const problem =
    process.getuid?.() === 0
      ? rootProblem(await readFile('/proc/self/status', 'utf8'))
      : userProblem(userInfo(), {
          subuid: await textOf('/etc/subuid'),
          subgid: await textOf('/etc/subgid'),
          maxNamespaces: await textOf('/proc/sys/user/max_user_namespaces'),
          cloneAllowed: await textOf('/proc/sys/kernel/unprivileged_userns_clone'),
        })
  if (problem !== undefined) throw new CvmError('BUILDER_UNABLE', problem.message, { next: problem.next })
}

/** Programs that have to be here to build a guest with this root file system. */
export function toolsFor(rootFs: RootFs): readonly string[] {
  return [...TOOLS, ...FILE_SYSTEM_TOOLS[rootFs]]
}

export interface BuilderProblem {
  readonly message: string
  readonly next: string
}

/** What keeps root from building: in a container it often lacks the capability to mount. `status` is /proc/self/status. */
export function rootProblem(status: string): BuilderProblem | undefined {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`)
  if ((effective >> CAP_SYS_ADMIN) & 1n) return undefined
  return {
    message: 'Root of this container lacks CAP_SYS_ADMIN, without which mmdebstrap cannot mount /proc in the guest',
    next: 'Start the container with --cap-add SYS_ADMIN, or run as an ordinary user with subordinate ids.',
  }
}

export interface NamespaceFacts {
  readonly subuid: string
  readonly subgid: string
  readonly maxNamespaces: string
  /** Debian's own switch; empty where the kernel has none. */
  readonly cloneAllowed: string
}

/** What keeps an ordinary user from making the user namespace that mmdebstrap works in. */
export function userProblem(
  user: { readonly username: string; readonly uid: number },
  facts: NamespaceFacts,
): BuilderProblem | undefined {
  if (facts.maxNamespaces.trim() === '0' || facts.cloneAllowed.trim() === '0') {
    return {
      message: 'Ordinary users may not make user namespaces on this machine',
      next: 'Run as root, or: sudo sysctl user.max_user_namespaces=15000 kernel.unprivileged_userns_clone=1',
    }
  }
  const lacking = (['subuid', 'subgid'] as const).filter((file) => !hasRange(facts[file], user))
  if (lacking.length === 0) return undefined
  return {
    message: `The user ${user.username} has no subordinate ids in ${lacking.map((file) => `/etc/${file}`).join(' and ')}`,
    next: `sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${user.username}`,
  }
}

/** A range of at least 65536 ids; a line is NAME_OR_UID:FIRST:COUNT. */
function hasRange(text: string, user: { readonly username: string; readonly uid: number }): boolean {
  return text.split('\n').some((line) => {
    const [owner, , count] = line.split(':')
    return (owner === user.username || owner === String(user.uid)) && Number(count) >= 65536
  })
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}

const TOOLS = [
  'mmdebstrap',
  'apt-get',
  'tar',
  'sgdisk',
  'mkfs.vfat',
  'mcopy',
  'qemu-img',
  ...(process.getuid?.() === 0 ? [] : ['fakeroot', 'newuidmap']),
]
const FILE_SYSTEM_TOOLS: Readonly<Record<RootFs, readonly string[]>> = {
  ext4: ['mke2fs'],
  xfs: ['mkfs.xfs', 'xfs_db'],
  btrfs: ['mkfs.btrfs'],
}
const CAP_SYS_ADMIN = 21n
