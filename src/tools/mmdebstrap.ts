import type { ToolCall } from '../model/host.js'

export interface BootstrapInput {
  /** `root` needs CAP_SYS_ADMIN; `unshare` needs subordinate ids and newuidmap. */
  readonly mode: 'root' | 'unshare'
  readonly suite: string
  readonly packages: readonly string[]
  /** Whole lines of a sources.list. */
  readonly sources: readonly string[]
  /** Executable files, run one after the other before the packages are installed; each gets the root directory as its argument. */
  readonly essentialHooks: readonly string[]
  /** Executable files, run after the packages are installed. */
  readonly customizeHooks: readonly string[]
  /** Lines for the dpkg configuration of the guest. */
  readonly dpkgOptions: readonly string[]
  /** What the hooks read, besides what mmdebstrap itself does. */
  readonly env: Readonly<Record<string, string>>
  /** Tar archive that is written. */
  readonly tarPath: string
}

/**
 * Makes a Debian root file system from packages, as a tar archive.
 *
 * A hook that names an executable file is started directly, with no shell in between, whatever characters its path has.
 * In mode `unshare` the hooks run as a subordinate user: they cannot enter directories that are closed to others.
 */
export function bootstrapCall(input: BootstrapInput): ToolCall {
  return {
    tool: 'mmdebstrap',
    args: [
      [`--mode=${input.mode}`, '--variant=apt', '--architectures=amd64', '--format=tar'],
      [`--include=${input.packages.join(',')}`],
      input.dpkgOptions.map((line) => `--dpkgopt=${line}`),
      input.essentialHooks.map((path) => `--essential-hook=${path}`),
      input.customizeHooks.map((path) => `--customize-hook=${path}`),
      [input.suite, input.tarPath],
      input.sources,
    ].flat(),
    // Without a working directory that the subordinate user may enter, it would stop before it starts.
    cwd: '/',
    env: input.env,
  }
}
