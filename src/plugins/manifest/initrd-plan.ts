import type { InitrdPlan } from '../../model/wishes.js'
import type { Planning, Wisher } from './plan-wishes.js'

export async function planInitrd(
  _plugins: readonly Wisher[],
  _values: Readonly<Record<string, string>>,
): Promise<Planning<InitrdPlan>> {
  return { problems: [], notes: [] }
}
