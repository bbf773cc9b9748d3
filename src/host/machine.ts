import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/**
 * Memory in MiB that a guest can get without pushing anything out: the kernel's own estimate, MemAvailable.
 *
 * Plain free memory would count the page cache as used.
 */
export function availableMemoryMiB(): number {
  const available = parseMemAvailable(readFileSync('/proc/meminfo', 'utf8'))
  if (available === undefined) throw new Error('/proc/meminfo has no MemAvailable line')
  return available
}

/** In MiB, from the text of /proc/meminfo; undefined when the line is not there. */
export function parseMemAvailable(meminfo: string): number | undefined {
  const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1]
  return kib === undefined ? undefined : Math.floor(Number(kib) / 1024)
}

/** Memory in MiB in huge pages of the default size that nobody uses. */
export function freeHugePagesMiB(): number {
  return parseFreeHugePages(readFileSync('/proc/meminfo', 'utf8'))
}

/** In MiB, from the text of /proc/meminfo; 0 on a kernel without huge pages. */
export function parseFreeHugePages(meminfo: string): number {
  const value = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(meminfo)?.[1] ?? 0)
  const free = value('HugePages_Free') - value('HugePages_Rsvd')
  return Math.floor((Math.max(0, free) * value('Hugepagesize')) / 1024)
}

/** CPUs that this process may use; a container's CPU set counts. */
export function cpuCount(): number {
  return availableParallelism()
}
