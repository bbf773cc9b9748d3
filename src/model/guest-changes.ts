import type { ListedKind } from './guest-listing.js'

/** What one run left in the guest and another did not; names are printable. */
export interface GuestChanges {
  readonly files: readonly FileChange[]
  readonly packages: readonly PackageChange[]
  readonly users: readonly AccountChange[]
  readonly groups: readonly AccountChange[]
  readonly units: readonly UnitChange[]
  readonly kernelArguments: readonly KernelArgumentChange[]
  readonly initrds: readonly InitrdChange[]
}

export type ChangeKind = 'added' | 'changed' | 'removed'

export interface FileChange {
  readonly change: ChangeKind
  readonly path: string
  readonly before?: FileState
  readonly now?: FileState
  /** What is different, of a changed one. */
  readonly different: readonly ('kind' | 'content' | 'target' | 'mode' | 'owner')[]
  /** Another change that this one is a part of: a new user is a line in /etc/passwd. */
  readonly partOf?: ChangeTopic
  /** Lines of a unified diff, of small texts in /etc that everybody may read. */
  readonly diff?: readonly string[]
}

export type ChangeTopic = 'packages' | 'users and groups' | 'units' | 'kernel arguments' | 'initrd'

export interface FileState {
  readonly kind: ListedKind
  /** Four octal digits. */
  readonly mode: string
  /** `user:group`, by name where the guest knows one. */
  readonly owner: string
  readonly sizeBytes: number
  readonly target?: string
}

export interface PackageChange {
  readonly change: ChangeKind
  readonly name: string
  /** Version and architecture. */
  readonly before?: string
  readonly now?: string
}

export interface AccountChange {
  readonly change: ChangeKind
  readonly name: string
  /** Number, home and shell of a user; number and members of a group. */
  readonly before?: string
  readonly now?: string
}

export interface UnitChange {
  readonly change: 'enabled' | 'disabled' | 'masked' | 'unmasked'
  readonly unit: string
}

export interface KernelArgumentChange {
  readonly change: 'added' | 'removed'
  readonly word: string
  /** How many kernel entries have it (had it). */
  readonly entries: number
  readonly ofEntries: number
}

export interface InitrdChange {
  readonly initrd: string
  readonly added: readonly string[]
  readonly removed: readonly string[]
}
