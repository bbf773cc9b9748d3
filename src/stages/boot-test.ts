import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { canReach, unprivilegedAccount } from '../host/accounts.js'
import { startJanitor } from '../host/janitor.js'
import { makeScratch } from '../host/scratch.js'
import { assertUnchanged } from '../image/file-identity.js'
import { inspectInput } from '../image/inspect-input.js'
import { readDiskLayout } from '../image/read-layout.js'
import { readFileStart } from '../image/read-start.js'
import type { Say } from '../model/events.js'
import type { Account } from '../model/host.js'
import type { InputImage } from '../model/image.js'
import { makingFiles } from './boot-files.js'
import { qemuFlavour } from './boot-flavour.js'
import type { BootHooks, BootPlace } from './boot-hooks.js'
import { assertTeeAvailable, chooseMachine } from './boot-host.js'
import { type PreparedBoot, prepareBoot } from './boot-prepare.js'
import type { BootTestRequest, BootTestResult } from './boot-request.js'
import { assertBootResultPlaces } from './boot-results.js'
import { runBoot, type SeenBoot } from './boot-run.js'
import { judgeBoot } from './boot-verdict.js'
import { bothHooks, closingOnError, thenClose } from './compose-hooks.js'
import { readExpectations } from './expect/read-expectations.js'
import { extractKernel } from './extract-kernel.js'
import { assertKernelFiles } from './kernel-files.js'
import { hooksFor } from './request-hooks.js'
import { requireTools } from './tools-needed.js'

/**
 * Boots an image on a throw-away layer with plain QEMU and judges what its console tells; the image is only read.
 *
 * A guest that does not come up is a result, not an error. `more` is called after what the request itself adds; it is closed in any case.
 *
 * @throws CvmError for what keeps the test from being made: codes of expectations, result files, the image, the host, the launch,
 *   INPUT_CHANGED; or the reason of `signal`.
 */
export async function bootTest(
  request: BootTestRequest,
  say: Say,
  signal: AbortSignal,
  more: BootHooks = {},
): Promise<BootTestResult> {
  const { image, hooks } = await closingOnError(more, async () => {
    // What a person may have got wrong is told first, and before any file is opened.
    const expectations = await readExpectations(request.expectations, signal)
    await assertBootResultPlaces(request)
    const image = await inspectImage(request, say)
    signal.throwIfAborted()
    return { image, hooks: bothHooks(await hooksFor(request, expectations), more) }
  })
  const janitor = startJanitor()
  try {
    const { prepared, seen } = await thenClose(hooks, async () => {
      const account = await unprivilegedAccount()
      await using scratch = await makeBootScratch(account)
      janitor.watchPath(scratch.path)
      return await bootIn({ scratchDir: scratch.path, account, janitor }, { request, image, say, signal, hooks })
    })
    const result = judgeBoot({ request, prepared, seen, probe: hooks.probe })
    return (await hooks.afterVerdict?.(result)) ?? result
  } finally {
    await janitor.done()
  }
}

interface BootWork {
  readonly request: BootTestRequest
  readonly image: InputImage
  readonly say: Say
  readonly signal: AbortSignal
  readonly hooks: BootHooks
}

/** Prepare and watch. */
async function bootIn(
  place: BootPlace,
  { request, image, say, signal, hooks }: BootWork,
): Promise<{ readonly prepared: PreparedBoot; readonly seen: SeenBoot }> {
  const layout = await readDiskLayout(image, place.scratchDir)
  const machine = await chooseMachine(request, layout, place.account)
  signal.throwIfAborted()
  const prepared = await prepareBoot({
    request,
    disk: { path: image.path, format: image.format, image },
    layout,
    machine,
    files: makingFiles(place, say),
    extractKernel: () => extractKernel({ image, accel: machine.accelerator.accel, place, say, signal }),
    say,
  })
  const { accel, disks } = prepared.config
  await hooks.afterDiskPrepared?.({ path: disks[0]?.path ?? '', layout, accel, place, say, signal })
  signal.throwIfAborted()

  const flavour = await qemuFlavour(request)
  const seen = await runBoot({ prepared, flavour, place, humanMonitor: request.humanMonitor, hooks, say, signal })
  await assertUnchanged(image.path, image.identity)
  return { prepared, seen }
}

async function inspectImage(request: BootTestRequest, say: Say): Promise<InputImage> {
  // A slip in the path is told before what is missing on the machine.
  await readFileStart(resolve(request.image))
  await assertTeeAvailable(request.launch.wishes)
  await assertKernelFiles(request.launch)
  await requireTools(['qemu-img', 'qemu-system-x86_64'])
  const image = await inspectInput(request.image)
  for (const text of image.warnings) say({ type: 'warning', text })
  return image
}

/** The account reaches its files in there by name; nobody can list it. */
async function makeBootScratch(account: Account | undefined) {
  return makeScratch(await scratchParent(account), 'cvm-qemu-test', account === undefined ? 0o700 : 0o711)
}

/**
 * Where the scratch goes: TMPDIR, unless QEMU's account cannot enter it, or its path leaves no room for the names of
 * UNIX sockets (107 bytes in all).
 */
async function scratchParent(account: Account | undefined): Promise<string> {
  const places = [tmpdir(), '/var/tmp'].filter((place) => place.startsWith('/') && Buffer.byteLength(place) <= 60)
  for (const place of places) {
    if ((await canReach(place, 'rw')) && (await canReach(place, 'r', account))) return place
  }
  return '/tmp'
}
