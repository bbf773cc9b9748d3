import { availableMemoryMiB, cpuCount, freeHugePagesMiB } from '../host/machine.js'
import { CvmError } from '../model/errors.js'

/** As asked, as long as there are so many; else two, or the only one. */
export function vcpusFor(asked: number | undefined): number {
  if (asked === undefined) return usualVcpus()
  const here = cpuCount()
  if (asked <= here) return asked
  throw new CvmError('HOST_TOO_SMALL', `--vcpus ${asked}, but this machine has ${here} CPUs`)
}

/**
 * As asked, else 2 GiB, or less when the machine does not have it; never under 512 MiB. Of huge pages the machine has as many as it
 * has set aside.
 *
 * @throws {CvmError} HOST_TOO_SMALL.
 */
export function memoryFor(askedMiB: number | undefined, hugepages = false): number {
  if (hugepages) return hugeMemoryFor(askedMiB ?? 2048)
  if (askedMiB === undefined) return usualMemoryMiB()
  const freeMiB = availableMemoryMiB()
  if (askedMiB <= freeMiB) return askedMiB
  throw new CvmError('HOST_TOO_SMALL', `the guest cannot have ${askedMiB} MiB of memory`, {
    why: `${freeMiB} MiB are free on this machine`,
    next: 'Lower --memory, or leave it out.',
  })
}

/** For those who ask for nothing: two, or the only one. */
export function usualVcpus(): number {
  return Math.min(MOST_VCPUS, cpuCount())
}

/** For those who ask for nothing: 2 GiB, or less when the machine does not have it; never under 512 MiB. */
export function usualMemoryMiB(): number {
  return Math.max(512, Math.min(2048, Math.floor(availableMemoryMiB() * 0.75)))
}

function hugeMemoryFor(wantedMiB: number): number {
  const freeMiB = freeHugePagesMiB()
  if (wantedMiB <= freeMiB) return wantedMiB
  throw new CvmError('HOST_TOO_SMALL', `the guest cannot have ${wantedMiB} MiB in huge pages`, {
    why: `${freeMiB} MiB of them are free on this machine`,
    next: `As root: sysctl vm.nr_hugepages=N (of 2 MiB each), or lower --memory, or leave out -u.`,
  })
}

/** More CPUs do not make a boot faster. */
const MOST_VCPUS = 2
