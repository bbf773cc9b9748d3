/** A sound cloud-config part and its plugin, in the order in which the guest merges them. */
export interface MergedPart {
  readonly where: string
  readonly config: ReadonlyMap<string, unknown>
}

/**
 * Says which keys two parts both set, although only one value can hold.
 *
 * With `no_replace`, as the seed itself and most plugins merge, the first part wins and cloud-init says nothing.
 */
export function noteOverlaps(parts: readonly MergedPart[]): readonly string[] {
  const notes: string[] = []
  const first = new Map<string, { where: string; value: unknown }>()
  for (const { where, config } of parts) {
    for (const [key, value] of config) {
      if (MERGE_KEYS.includes(key) || Array.isArray(value)) continue
      const earlier = first.get(key)
      if (earlier === undefined) first.set(key, { where, value })
      else if (canOnlyHoldOne(key, value) && !(isScalar(value) && Object.is(value, earlier.value))) {
        notes.push(`${where}: sets "${key}", which ${earlier.where} sets as well; with no_replace the first one holds`)
      }
    }
  }
  return notes
}

function canOnlyHoldOne(key: string, value: unknown): boolean {
  return isScalar(value) || SINGLE_VALUED.includes(key)
}

function isScalar(value: unknown): boolean {
  return typeof value !== 'object' || value === null
}

const MERGE_KEYS = ['merge_how', 'merge_type']
/** Mappings that are one thing, not a collection of independent settings. */
const SINGLE_VALUED = ['user', 'chpasswd']
