import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { CONSOLE_LOG, type GuestBootInput, startGuest, UNSEALING_CONSOLE_LOG } from './guest-start.js'
import type { GuestRun } from './guest-verdict.js'

/**
 * The cloud-init stage: boots the work image with the seed through virt-install, and believes only the guest's own report.
 *
 * An image that an earlier rewrite has sealed is started twice: the first start opens the seal, which counts from the next on.
 * The time of -t is for both. The second is a new machine and no reset of the first one: firmware takes several times as long
 * after a reset under emulation.
 *
 * @throws {CvmError} as startGuest.
 */
export async function bootGuest(input: GuestBootInput): Promise<GuestRun> {
  const { plan, place, say } = input
  const startedAt = performance.now()
  const limitMs = plan.guestTimeMin * 60_000
  const elapsedMs = () => performance.now() - startedAt
  say({ type: 'guest-time', limitMs })
  let opened = false
  for (;;) {
    const run = await startGuest({ ...input, elapsedMs, limitMs, sealOpened: opened })
    if (run !== 'seal opened') return run
    opened = true
    say({
      type: 'note',
      text: 'the image was sealed by an earlier rewrite: its seal is opened, the guest starts once more',
    })
    await rename(join(place.workDir, CONSOLE_LOG), join(place.workDir, UNSEALING_CONSOLE_LOG))
  }
}
