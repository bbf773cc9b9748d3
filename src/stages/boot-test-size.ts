import { availableMemoryMiB, cpuCount } from '../host/machine.js'
import { CvmError } from '../model/errors.js'

/** As asked, as long as there are so many; else two, or the only one. */
export function vcpusFor(asked: number | undefined): number {
  const here = cpuCount()
  if (asked === undefined) return Math.min(MOST_VCPUS, here)
  if (asked <= here) return asked
  throw new CvmError('HOST_TOO_SMALL', `--vcpus ${asked}, but this machine has ${here} CPUs`)
}

/** As asked, else 2 GiB, or less when the machine does not have it; never under 512 MiB. */
export function memoryFor(askedMiB: number | undefined): number {
  const freeMiB = availableMemoryMiB()
  if (askedMiB === undefined) return Math.max(512, Math.min(2048, Math.floor(freeMiB * 0.75)))
  if (askedMiB <= freeMiB) return askedMiB
  throw new CvmError('HOST_TOO_SMALL', `the guest cannot have ${askedMiB} MiB of memory`, {
    why: `${freeMiB} MiB are free on this machine`,
    next: 'Lower --memory, or leave it out.',
  })
}

/** More CPUs do not make a boot faster. */
const MOST_VCPUS = 2
