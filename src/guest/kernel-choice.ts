/** Which of a guest's kernels is started when its boot loader is not, by the names in its /boot. */

export interface KernelChoice {
  /** File names. */
  readonly kernel: string
  readonly initrd?: string
  readonly version: string
}

/**
 * The newest kernel and the initrd that was made for it. Debian and Ubuntu call them vmlinuz-V and initrd.img-V, Fedora and its
 * kin vmlinuz-V and initramfs-V.img, openSUSE vmlinuz-V and initrd-V. Kernels for rescue and kept old ones do not count.
 */
export function newestKernel(names: readonly string[]): KernelChoice | undefined {
  const versions = names
    .flatMap((name) => /^vmlinuz-(?<version>\d.*)$/.exec(name)?.groups?.['version'] ?? [])
    .filter((version) => !NOT_FOR_USE.test(version))
    .sort(compareVersions)
  const version = versions.at(-1)
  if (version === undefined) return undefined
  const initrd = [`initrd.img-${version}`, `initramfs-${version}.img`, `initrd-${version}`].find((name) =>
    names.includes(name),
  )
  return { kernel: `vmlinuz-${version}`, version, ...(initrd === undefined ? {} : { initrd }) }
}

/**
 * The value of root= that the boot loader gives to this kernel; `configs` are grub.cfg or the entries of the Boot Loader
 * Specification. undefined when they do not say (a variable of grub, for example).
 */
export function rootOf(kernel: string, configs: readonly string[]): string | undefined {
  for (const config of configs) {
    const root = rootInGrub(kernel, config) ?? rootInEntry(kernel, config)
    if (root !== undefined && !root.includes('$')) return root
  }
  return undefined
}

/** A line such as `linux /boot/vmlinuz-6.12 root=UUID=… ro quiet`; also linuxefi and linux16. */
function rootInGrub(kernel: string, config: string): string | undefined {
  for (const line of config.split('\n')) {
    const [command = '', path = '', ...words] = line.trim().split(/\s+/)
    if (!/^linux(?:efi|16)?$/.test(command) || fileName(path) !== kernel) continue
    const root = words.find((word) => word.startsWith('root='))
    if (root !== undefined) return root.slice('root='.length)
  }
  return undefined
}

/** Lines `linux /vmlinuz-6.12` and `options root=UUID=… ro`. Source: UAPI group, Boot Loader Specification, type 1. */
function rootInEntry(kernel: string, config: string): string | undefined {
  const valuesOf = (key: string) =>
    config
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .flatMap(([name, ...words]) => (name === key ? [words] : []))
  if (!valuesOf('linux').some(([path = '']) => fileName(path) === kernel)) return undefined
  const root = valuesOf('options')
    .flat()
    .find((word) => word.startsWith('root='))
  return root?.slice('root='.length)
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Numbers as numbers, the rest as text; a release candidate comes before its release. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map(versionParts)
  if (left === undefined || right === undefined) return 0
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const [one = '', other = ''] = [left[index], right[index]]
    const order = compareParts(one, other)
    if (order !== 0) return order
  }
  return 0
}

function compareParts(one: string, other: string): number {
  if (/^\d+$/.test(one) && /^\d+$/.test(other)) return Number(one) - Number(other)
  const early = [one, other].map((part) => /^[-.~_]?rc$/.test(part))
  if (early[0] !== early[1]) return early[0] === true ? -1 : 1
  return one < other ? -1 : Number(one > other)
}

function versionParts(version: string): readonly string[] {
  return version.match(/\d+|\D+/g) ?? []
}

const NOT_FOR_USE = /^0-rescue|\.(?:old|bak|dpkg-\w+|rpm\w+)$/
