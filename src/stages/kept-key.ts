import { KERNEL_SIGNER_DIR } from '../guest/kernel-signer.js'
import type { Say } from '../model/events.js'
import { last } from './guest-facts.js'
import type { GuestRun } from './guest-verdict.js'

/** Whether the image still has the private key of an earlier rewrite, which this one was not asked about; then that is said. */
export function saysKeptKey({ events }: Pick<GuestRun, 'events'>, say: Say): boolean {
  const kept = last(events, 'sealed')?.holdsKernelKey === true
  if (kept)
    say({
      type: 'warning',
      text: `an earlier rewrite has put a private key into the image (${KERNEL_SIGNER_DIR}): it stays, and so does the hook that signs kernels with it. Its certificate is trusted only where db or MokList has it. The image is readable by you alone. Without them: rootfs.remove in a plugin.yaml`,
    })
  return kept
}
