import type { ImaPlan } from '../model/wishes.js'

/**
 * What IMA is to do, for cloud-init/guest/ima-settings.sh and ima-label.sh: a line for each wish, of three columns with tabs between
 * them: `policy`, `appraise`, `hash` or `label`; the word; who asked for it. The policy's word is its name beside the wishes.
 */
export function imaWishesText({ policy, appraise, hash, label }: ImaPlan): string {
  const lines = [
    ...(policy === undefined ? [] : [['policy', 'ima-policy', policy.plugin]]),
    ...(appraise === undefined ? [] : [['appraise', appraise.mode, appraise.plugins.join(', ')]]),
    // Always there: labels have a digest also when nobody chose one.
    ['hash', hash, ''],
    ...label.map(({ word, plugins }) => ['label', word, plugins.join(', ')]),
  ]
  return lines.map((columns) => `${columns.join('\t')}\n`).join('')
}
