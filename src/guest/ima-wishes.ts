import type { ImaPlan } from '../model/wishes.js'

export function imaWishesText(_plan: ImaPlan): string {
  return ''
}
