import { mkdir, open, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { runTool, runToolOrFail } from '../host/run-tool.js'
import { checkWorkImage, virtualSizeOf, type WorkImage } from '../image/work-image.js'
import { CvmError } from '../model/errors.js'
import type { Say } from '../model/events.js'
import type { Plugin, ScriptFile } from '../model/plugin.js'
import type { Collected, RewritePlan } from '../model/rewrite.js'
import { SEED_FILE_LIMIT_BYTES } from '../model/seed.js'
import { readPlugins } from '../plugins/read-plugins.js'
import { appendToTarCall } from '../tools/tar.js'
import { pluginLaunch } from './plugin-launch.js'
import { asInSources, copyTrees, inSources } from './private-copy.js'
import { writeRootfsConfig } from './rootfs-config.js'
import type { RunPlace } from './run-place.js'
import { seedParts } from './seed-parts.js'
import { userDataToShip } from './seed-sources.js'
import { problemsError } from './survey.js'

/**
 * The pre-stage: host scripts run in a private copy of the plugin trees, in number order; then what the copy holds is collected.
 *
 * @throws {CvmError} HOST_SCRIPT_FAILED, HOST_SCRIPT_TIMED_OUT, HOST_SCRIPT_BROKE_IMAGE; every problem with what scripts left behind.
 */
export async function preStage(
  plan: RewritePlan,
  place: RunPlace,
  work: WorkImage,
  say: Say,
  signal: AbortSignal,
): Promise<Collected> {
  const sizeBefore = plan.input.virtualSizeBytes
  const copies = await copyTrees(plan, place.workDir)
  for (const plugin of plan.plugins.filter((each) => each.stage === 'pre-stage')) {
    if (plugin.skipped !== undefined) {
      say({ type: 'plugin', plugin: plugin.name, state: 'skipped', text: skipText(plugin) })
    } else if (plugin.hostRun !== undefined) {
      await runHostScript({
        plan,
        place,
        plugin,
        script: plugin.hostRun,
        stageDir: copies.preStage,
        env: { GUEST_IMG: work.path },
        say,
        signal,
      })
      for (const text of await checkWorkImage(work)) say({ type: 'warning', text: `${plugin.name}: ${text}` })
    }
  }
  const reading = await readPlugins({
    dirs: copies,
    skip: [],
    only: [],
    environment: plan.variables,
    hostScriptsRan: true,
  })
  const { plugins, wishes } = reading
  const lasting = (text: string) => inSources(text, plan, copies)
  const launch = await pluginLaunch({ plan: wishes.launch, plugins, hostScriptsRan: true, lasting })
  const problems = [...reading.problems, ...launch.problems]
  if (problems.length > 0) throw problemsError(problems.map((each) => asInSources(each, plan, copies)))
  const payload = await packPayload(reading.payload, copies.preStage, copies.postStage, place.workDir, signal)
  const firstConfig = await userDataToShip(plan.sources, place.workDir)
  const rootfsConfig = await writeRootfsConfig(reading.wishes, firstConfig, reading.plugins, place.workDir)
  const parts = seedParts(firstConfig, reading.plugins, rootfsConfig)
  const sizeNow = await virtualSizeOf(work.path, 'qcow2', work.backing?.name)
  return {
    ...(payload === undefined ? {} : { payload }),
    parts,
    plugins,
    wishes,
    launch: launch.layers,
    diskGrown: sizeNow > sizeBefore,
  }
}

export interface HostScriptRun {
  readonly plan: RewritePlan
  readonly place: RunPlace
  readonly plugin: Plugin
  readonly script: ScriptFile
  readonly stageDir: string
  readonly env: Readonly<Record<string, string>>
  readonly say: Say
  readonly signal: AbortSignal
}

/** Runs one host_run.sh through its interpreter (the run bit does not matter), in its own folder of the private copy. */
export async function runHostScript({
  plan,
  place,
  plugin,
  script,
  stageDir,
  env,
  say,
  signal,
}: HostScriptRun): Promise<void> {
  const path = join(stageDir, plugin.name, script.path)
  const [interpreter = '/bin/sh', ...flags] = script.interpreter
  say({ type: 'plugin', plugin: plugin.name, state: 'runs', text: basename(script.path) })
  const said: string[] = []
  const limitMs = scriptLimitMs(plan.variables)
  const call = {
    tool: interpreter,
    args: [...flags, path],
    cwd: dirname(path),
    env: {
      ...libguestfsEnvironment(plan),
      ...plan.variables,
      ...env,
      CVM_WORK_DIR: place.workDir,
      CVM_PLUGIN_DIR: dirname(path),
    },
  }
  const logFile = join(place.workDir, 'logs', `${plugin.name}-${script.path.replaceAll('/', '-')}.log`)
  await mkdir(dirname(logFile), { recursive: true })
  const result = await runTool(call, {
    timeoutMs: limitMs,
    signal,
    logFile,
    onLine: (line) => keepLast(said, line),
  }).catch((error: unknown) => {
    if (!(error instanceof CvmError) || error.code !== 'TOOL_TIMED_OUT') throw error
    throw new CvmError(
      'HOST_SCRIPT_TIMED_OUT',
      `${plugin.name}: ${script.path} did not end within ${limitMs / 1000} s`,
      { lines: said },
    )
  })
  if (result.exitCode !== 0) {
    const how = result.signal === undefined ? `exited ${result.exitCode}` : `was ended by ${result.signal}`
    const code =
      plugin.stage === 'post-stage' || script.path.startsWith('post-stage/')
        ? 'POST_SCRIPT_FAILED'
        : 'HOST_SCRIPT_FAILED'
    throw new CvmError(code, `${plugin.name}: ${script.path} ${how} after ${result.seconds.toFixed(1)} s`, {
      why: said.at(-1) ?? 'it printed nothing',
      next: `Mend the script, or skip it with --skip ${plugin.name}`,
      lines: said,
    })
  }
  say({ type: 'plugin', plugin: plugin.name, state: 'done', text: said.at(-1) ?? '' })
}

/** For scripts that call virt-customize: no libvirt in between (as root it fails often), and no KVM where guests do not run under it. */
function libguestfsEnvironment(plan: RewritePlan): Record<string, string> {
  const direct = { LIBGUESTFS_BACKEND: process.env['LIBGUESTFS_BACKEND'] ?? 'direct' }
  return plan.machine.accel === 'tcg' ? { ...direct, LIBGUESTFS_BACKEND_SETTINGS: 'force_tcg' } : direct
}

/** One tar of all files/: directories first, so that each gets its plugin's mode before anything is put into it. */
async function packPayload(
  payload: Awaited<ReturnType<typeof readPlugins>>['payload'],
  preStageDir: string,
  postStageDir: string,
  workDir: string,
  signal: AbortSignal,
): Promise<Collected['payload']> {
  if (payload.entries.length === 0) return undefined
  const archive = join(workDir, 'payload.tar')
  for (const wanted of ['directory', 'other'] as const) {
    for (const plugin of new Set(payload.entries.map((entry) => entry.plugin))) {
      const entries = payload.entries.filter(
        (entry) => entry.plugin === plugin && (entry.kind === 'directory') === (wanted === 'directory'),
      )
      if (entries.length === 0) continue
      const list = join(workDir, 'payload-list')
      await writeFile(list, Buffer.concat(entries.flatMap((entry) => [entry.path, Buffer.from([0])])))
      const dir = await existingDir(join(preStageDir, plugin, 'files'), join(postStageDir, plugin, 'files'))
      await runToolOrFail(appendToTarCall(archive, dir, list), { timeoutMs: COPY_TIMEOUT_MS, signal })
    }
  }
  assertFitsSeed((await stat(archive)).size)
  const hasUnits = payload.entries.some((entry) =>
    /^(etc|usr\/lib|lib)\/systemd\/system\//.test(entry.path.toString('latin1')),
  )
  return { path: archive, bytes: payload.allocatedBytes, entries: payload.entries.length, hasUnits }
}

/** @throws {CvmError} PAYLOAD_TOO_LARGE for an archive that no seed disk could carry; genisoimage would say it after minutes. */
export function assertFitsSeed(archiveBytes: number): void {
  if (archiveBytes <= SEED_FILE_LIMIT_BYTES) return
  const gib = (archiveBytes / 2 ** 30).toFixed(1)
  throw new CvmError('PAYLOAD_TOO_LARGE', `the files of the plugins make an archive of ${gib} GiB`)
}

async function existingDir(one: string, other: string): Promise<string> {
  return await open(one, 'r').then(
    async (handle) => {
      await handle.close()
      return one
    },
    () => other,
  )
}

function skipText(plugin: Plugin): string {
  return plugin.skipped === 'NOT_RUN' ? 'it has a NOT_RUN file' : `${plugin.skipped}`
}

function keepLast(lines: string[], line: string): void {
  lines.push(line)
  if (lines.length > LAST_LINES) lines.shift()
}

/** CVM_SCRIPT_TIMEOUT in whole seconds; the default lets a libguestfs appliance start under emulation. */
function scriptLimitMs(variables: Readonly<Record<string, string>>): number {
  const asked = variables['CVM_SCRIPT_TIMEOUT']
  return (asked !== undefined && /^[1-9]\d{0,5}$/.test(asked) ? Number(asked) : DEFAULT_SCRIPT_LIMIT_S) * 1000
}

const LAST_LINES = 20
const DEFAULT_SCRIPT_LIMIT_S = 900
const COPY_TIMEOUT_MS = 30 * 60_000
