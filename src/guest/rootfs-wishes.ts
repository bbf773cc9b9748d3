import type { RootfsPlan } from '../model/wishes.js'

export function rootfsWishesText(_plan: RootfsPlan): string {
  return ''
}
