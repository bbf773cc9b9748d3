import type { ImaPlan } from '../../model/wishes.js'
import { filledWords, mergeWords } from './merge-words.js'
import type { Wisher } from './plan-wishes.js'

/** What the kernel's own policy (ima_policy=) has to do with it. */
export function notePolicy(
  { policy, appraise }: ImaPlan,
  plugins: readonly Wisher[],
  values: Readonly<Record<string, string>>,
  shippers: readonly string[],
): readonly string[] {
  const builtIn = mergeWords(
    plugins.map(({ name, manifest: { grub } }) => ({
      plugin: name,
      words: filledWords(grub?.add ?? [], values)
        .flatMap((word) => word.split(/\s+/))
        .filter((word) => word.startsWith('ima_policy=')),
    })),
  )
  const owner = policy?.plugin ?? shippers.at(-1)
  if (owner !== undefined)
    return builtIn.map(
      ({ word, plugins: who }) => `${who.join(', ')}: ${word} counts only until systemd loads the policy of ${owner}`,
    )
  if (appraise === undefined || builtIn.length > 0) return []
  const script = plugins.find(
    ({ stage, manifest, hostRun }) => stage === 'pre-stage' && manifest.ima !== undefined && hostRun,
  )
  const unless = script === undefined ? '' : ` unless the host_run.sh of ${script.name} writes one`
  return [
    `${appraise.plugins.join(', ')}: ima.appraise without a policy in any plugin: only the kernel's built-in policy counts${unless}`,
  ]
}

/** The log of measurements is worth what anchors it. */
export function noteAnchor({ policy, appraise }: ImaPlan, shippers: readonly string[]): readonly string[] {
  if (policy === undefined && appraise === undefined && shippers.length === 0) return []
  return [
    "IMA: the log of measurements is anchored in PCR 10 of the machine's TPM, when it has one; in a TD without a TPM nothing anchors it",
  ]
}
