import type { LaunchConfig } from '../model/launch.js'

/** The backend of the guest's memory: `-object` and the machine's option that names it. */
export interface QemuMemory {
  readonly object: string
  readonly machineOption: string
}

/**
 * The guest's memory where it is anything but plain memory of this process: huge pages, or the memory of a confidential guest,
 * of which this is the part that it shares with the host (its private part comes from KVM).
 */
export function qemuMemory(
  { memoryMiB, hugepages }: Pick<LaunchConfig, 'memoryMiB' | 'hugepages'>,
  teeBackend: string | undefined,
): QemuMemory | undefined {
  if (teeBackend === undefined && !hugepages) return undefined
  const properties = [
    hugepages && teeBackend !== FORKS_BACKEND ? MEMFD : (teeBackend ?? MEMFD),
    `id=${ID}`,
    `size=${memoryMiB}M`,
    ...(hugepages ? ['hugetlb=on'] : []),
    ...(teeBackend === MEMFD || (hugepages && teeBackend !== FORKS_BACKEND) ? ['share=on'] : []),
    // Of a plain guest every page is taken at its start: a host with too few says so then, and not by killing the guest later.
    ...(teeBackend === undefined ? ['prealloc=on'] : []),
  ]
  return { object: properties.join(','), machineOption: `memory-backend=${ID}` }
}

const ID = 'mem0'
const MEMFD = 'memory-backend-memfd'
/** Has huge pages itself. */
const FORKS_BACKEND = 'memory-backend-memfd-private'
