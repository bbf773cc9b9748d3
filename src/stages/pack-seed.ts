import { chown, copyFile, link, mkdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { metaDataText } from '../guest/meta-data.js'
import { mimeBundle } from '../guest/mime.js'
import { runEnvText } from '../guest/run-env.js'
import { runTool, runToolOrFail } from '../host/run-tool.js'
import { CvmError } from '../model/errors.js'
import type { Say } from '../model/events.js'
import type { Collected, RewritePlan, SeedPart } from '../model/rewrite.js'
import { packIsoCall } from '../tools/genisoimage.js'
import { makeMimeCall } from '../tools/make-mime.js'
import type { RunPlace } from './run-place.js'
import { readSeedSources } from './seed-sources.js'
import { GUEST_SCRIPTS_DIR } from './sources.js'
import { wishFiles, wishSources } from './wish-files.js'

/** What the guest finds on the seed beside user-data and meta-data; see cloud-init/guest/boothook.sh. */
const GUEST_FILES = [
  'report.sh',
  'cvm-note.sh',
  'cvm-beside.sh',
  'grow-root.sh',
  'boot-files.sh',
  'grub-settings.sh',
  'grub-check.sh',
  'initrd-settings.sh',
  'initrd-hook.sh',
  'initrd-check.sh',
  'ima-settings.sh',
  'ima-label.sh',
  'ima-label.py',
  'ima-coverage.py',
  'rootfs-facts.sh',
  'rootfs-install.sh',
  'rebuild-later.sh',
  'rootfs-settings.sh',
  'rootfs-check.sh',
  'grub-default.sh',
  'payload-conflicts.sh',
  'read-only.sh',
  'inventory.sh',
  'finish.sh',
  'run-runcmd.bash',
] as const

/**
 * Packs ciiso.iso: user-data (the MIME bundle), meta-data, the payload and our guest scripts.
 *
 * @returns the absolute path of the ISO in the boot directory, readable by nobody but the account that boots it.
 * @throws {CvmError} TOOL_FAILED, TOOL_TIMED_OUT, NO_SPACE.
 */
export async function packSeed(
  plan: RewritePlan,
  collected: Collected,
  place: RunPlace,
  say: Say,
  signal: AbortSignal,
): Promise<string> {
  const seedDir = join(place.workDir, 'seed')
  await mkdir(join(seedDir, 'cvm'), { recursive: true, mode: 0o700 })
  const { metaDataTemplate } = await readSeedSources(plan.sources)
  await Promise.all([
    writeFile(join(seedDir, 'user-data'), await userData(collected.parts, place, plan.runId, say, signal), {
      mode: 0o600,
    }),
    writeFile(join(seedDir, 'meta-data'), metaDataText(metaDataTemplate, plan.names.instanceId), { mode: 0o600 }),
    writeFile(join(seedDir, 'cvm', 'run.env'), runEnv(plan, collected), { mode: 0o600 }),
    ...wishFiles(collected).map(([name, text]) => writeFile(join(seedDir, 'cvm', name), text, { mode: 0o600 })),
    ...wishSources(collected).map(([name, from]) => copyInto(join(seedDir, name), from)),
    ...GUEST_FILES.map((name) => copyFile(join(GUEST_SCRIPTS_DIR, name), join(seedDir, 'cvm', name))),
    ...(collected.payload === undefined ? [] : [link(collected.payload.path, join(seedDir, 'payload.tar'))]),
  ])
  const iso = join(place.bootDir, 'ciiso.iso')
  await writeFile(iso, '', { mode: 0o600 })
  await runToolOrFail(packIsoCall(seedDir, iso), { timeoutMs: PACK_TIMEOUT_MS, signal })
  if (place.account !== undefined) await chown(iso, place.account.uid, place.account.gid)
  return iso
}

async function copyInto(path: string, from: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  // A large file need not be there twice. A link to it would be packed as a link.
  const file = await realpath(from)
  await link(file, path).catch(async () => await copyFile(file, path))
}

function runEnv(plan: RewritePlan, collected: Collected): string {
  return runEnvText({
    nonce: plan.nonce,
    payloadBytes: collected.payload?.bytes ?? 0,
    payloadHasUnits: collected.payload?.hasUnits ?? false,
    diskGrown: collected.diskGrown,
    emulated: plan.machine.accel === 'tcg',
    ...(plan.listing === undefined ? {} : { listing: plan.listing }),
    variables: plan.variables,
  })
}

/** The bundle, by cloud-init's own make-mime; when that cannot, by our writer, and that is said. */
async function userData(
  parts: readonly SeedPart[],
  place: RunPlace,
  runId: string,
  say: Say,
  signal: AbortSignal,
): Promise<string> {
  const partsDir = join(place.workDir, 'parts')
  await mkdir(partsDir, { mode: 0o700 })
  // Links under our own names: what make-mime writes into the bundle, and the guest makes file names of, is ours.
  for (const part of parts) await symlink(part.source, join(partsDir, part.name))
  const made = await makeMime(parts, partsDir, signal)
  if ('bundle' in made) return made.bundle
  say({
    type: 'warning',
    text: `cloud-init devel make-mime failed here; the bundle is written without it (${made.why})`,
  })
  const loaded = await Promise.all(parts.map(async (part) => ({ ...part, bytes: await readFile(part.source) })))
  return mimeBundle(loaded, `==cvm-rewrite-${runId}==`)
}

/** The bundle, or why there is none: a host's cloud-init may be broken in any way, and the run does not depend on it. */
async function makeMime(
  parts: readonly SeedPart[],
  partsDir: string,
  signal: AbortSignal,
): Promise<{ readonly bundle: string } | { readonly why: string }> {
  try {
    const result = await runTool(makeMimeCall(parts, partsDir), {
      timeoutMs: MIME_TIMEOUT_MS,
      captureBytes: BUNDLE_LIMIT_BYTES,
      signal,
    })
    if (result.exitCode !== 0) {
      const words = result.stderr.trim().split('\n').at(-1)
      return { why: words || `it ended with ${result.signal ?? `exit code ${result.exitCode}`}` }
    }
    if (result.stdout.startsWith('Content-Type: multipart/mixed')) return { bundle: result.stdout }
    return { why: 'what it printed is not a MIME bundle' }
  } catch (error) {
    if (error instanceof CvmError && error.code !== 'TOOL_MISSING') return { why: error.why ?? error.message }
    throw error
  }
}

/** It takes a second; under a heavy load some. */
const MIME_TIMEOUT_MS = 2 * 60_000
const PACK_TIMEOUT_MS = 10 * 60_000
/** 16 MiB is what cloud-init accepts; the check of the plugins has refused more. */
const BUNDLE_LIMIT_BYTES = 32 * 1024 * 1024
