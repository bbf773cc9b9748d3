import type { RootfsPlan } from '../../model/wishes.js'
import type { Planning, Wisher } from './plan-wishes.js'

export async function planRootfs(
  _plugins: readonly Wisher[],
  _values: Readonly<Record<string, string>>,
): Promise<Planning<RootfsPlan>> {
  return { problems: [], notes: [] }
}
