import type { InitrdPlan } from '../model/wishes.js'

export function initrdWishesText(_plan: InitrdPlan): string {
  return ''
}
