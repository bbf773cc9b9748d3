/** How much the guest lists at the end of a run: `all` also what the run has not touched (every initrd, every small text). */
export type ListingWish = 'all' | 'changed'

/** What is in a guest at the end of a run; names are the guest's own and not yet safe to print. */
export interface GuestListing {
  /** By absolute path. */
  readonly files: ReadonlyMap<string, ListedFile>
  /** `version architecture` by name. */
  readonly packages: ReadonlyMap<string, string>
  /** The package that a path belongs to; only of packages that the run has installed or changed. */
  readonly owners: ReadonlyMap<string, string>
  readonly users: ReadonlyMap<string, ListedUser>
  readonly groups: ReadonlyMap<string, ListedGroup>
  /** The `linux` lines of the boot loader's configuration, one a kernel entry. */
  readonly kernelEntries: readonly string[]
  /** Paths in each initrd, by its file name. */
  readonly initrds: ReadonlyMap<string, ReadonlySet<string>>
  /** Small texts of /etc that everybody may read. */
  readonly texts: ReadonlyMap<string, string>
}

export type ListedKind = 'file' | 'directory' | 'link' | 'other'

export interface ListedFile {
  readonly kind: ListedKind
  /** Permission bits, setuid, setgid and sticky included. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly sizeBytes: number
  /** Seconds since 1970. */
  readonly modifiedS: number
  /** Of a link, as it is written. */
  readonly target?: string
  /** Hex; only of files that the run has touched. */
  readonly sha256?: string
}

export interface ListedUser {
  readonly uid: number
  readonly gid: number
  readonly home: string
  readonly shell: string
}

export interface ListedGroup {
  readonly gid: number
  readonly members: readonly string[]
}
