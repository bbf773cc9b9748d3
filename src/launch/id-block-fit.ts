import { CvmError } from '../model/errors.js'
import type { SettledLaunch } from '../model/launch.js'
import { policyText } from '../model/snp-policy.js'
import { readIdAuth } from './identity/id-auth.js'
import { type IdBlock, idBlockProblems, readIdBlock } from './identity/id-block.js'

/**
 * Refuses an ID block with which the firmware would not start the guest: another policy than that of the launch, signatures that do
 * not hold. Of guests of another kind it is not looked at.
 *
 * Source: AMD 56860, SNP_LAUNCH_FINISH (BAD_SIGNATURE, POLICY_FAILURE).
 *
 * @throws {CvmError} LAUNCH_INVALID.
 */
export function assertIdBlockFits({ wishes, origins }: SettledLaunch): void {
  const { tee = 'snp', idBlock, idAuth, policy } = wishes
  if (tee !== 'snp' || idBlock === undefined) return
  const bytes = Buffer.from(idBlock, 'hex')
  const block = readIdBlock(bytes)
  const problems = [
    ...idBlockProblems(block),
    ...(idAuth === undefined ? [] : readIdAuth(Buffer.from(idAuth, 'hex'), bytes).problems),
  ]
  if (problems.length > 0) {
    throw new CvmError('LAUNCH_INVALID', `the firmware would refuse the ID block (${origins.idBlock})`, {
      why: problems.join('; '),
      next: 'Make both files anew with cvm-rewrite identity make, and give both of them.',
    })
  }
  if (policy === undefined || BigInt(policy) === block.policy) return
  const own = policyText(block.policy)
  throw new CvmError('LAUNCH_INVALID', 'the ID block is for another policy than that of the launch', {
    why: `${own} in the ID block (${origins.idBlock}), ${policy} asked for (${origins.policy}); the firmware would not start the guest`,
    next: `Leave the policy out: then it is that of the ID block. Or make an ID block with --policy ${policy}.`,
  })
}

/** The policy that a launch with this ID block must have. */
export function policyOf(idBlock: string): IdBlock['policy'] {
  return readIdBlock(Buffer.from(idBlock, 'hex')).policy
}
