import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { canReach } from '../host/accounts.js'
import { assertSpace } from '../image/space.js'
import { createWorkImage, createWorkImageOverCopy, type WorkImage } from '../image/work-image.js'
import type { Say } from '../model/events.js'
import type { RewritePlan } from '../model/rewrite.js'
import type { RunPlace } from './run-place.js'

/**
 * The image that the run changes: a layer over the input, or over a copy of it when QEMU's account cannot read the input where it
 * lies, or when the machine is started by somebody else's libvirt, which would change the owner of everything it opens.
 *
 * @throws {CvmError} NO_SPACE, IMAGE_IN_USE, IO_ERROR.
 */
export async function makeWorkImage(plan: RewritePlan, place: RunPlace, say: Say): Promise<WorkImage> {
  const path = join(place.bootDir, 'work.qcow2')
  const foreign = plan.connect !== undefined
  if (!foreign && (await canReach(plan.input.path, 'r', place.account))) {
    return await createWorkImage({ input: plan.input, path, backingName: 'input' })
  }
  say({
    type: 'note',
    text: foreign
      ? 'the image is copied first, so that libvirt does not touch the owner of the input'
      : `the image is copied first: ${place.account?.name ?? 'QEMU'} cannot read it where it is`,
  })
  await assertSpace(place.bootDir, plan.input.storedBytes, 0)
  const work = await createWorkImageOverCopy({ input: plan.input, path, backingName: 'input' })
  // A libvirt of the system runs QEMU as an account that we do not know.
  if (foreign) {
    await chmod(place.bootDir, 0o711)
    await chmod(path, 0o666)
  }
  return work
}
