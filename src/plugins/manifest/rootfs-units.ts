import type { Problem } from '../../model/plugin.js'
import type { AskedWord } from '../../model/wishes.js'
import { rootfsProblem } from './rootfs-words.js'

/** The full name of a unit: without a suffix it is a service (systemctl(1), "PARAMETER SYNTAX"). */
export function unitName(word: string): string {
  return SUFFIX.test(word) ? word : `${word}.service`
}

/** Units that are to start with the system, and are not. */
export function contradictions(services: {
  readonly enable: readonly AskedWord[]
  readonly disable: readonly AskedWord[]
  readonly mask: readonly AskedWord[]
}): readonly Problem[] {
  return services.enable.flatMap((wanted) =>
    (['disable', 'mask'] as const).flatMap((kind) => {
      const other = services[kind].find(({ word }) => word === wanted.word)
      if (other === undefined) return []
      const what = `want ${wanted.word} to be enabled and to be ${kind === 'mask' ? 'masked' : 'disabled'}`
      return [rootfsProblem([...wanted.plugins, ...other.plugins], what)]
    }),
  )
}

// systemd.unit(5), first paragraph.
const SUFFIX = /\.(?:service|socket|device|mount|automount|swap|target|path|timer|slice|scope)$/
