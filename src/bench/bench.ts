/**
 * npm run bench: what a rewrite costs, against the floor of one plain boot that does the same update-initramfs and update-grub.
 *
 * Everything is measured in one run on one machine, because only ratios mean something on shared hardware.
 */
import { rmSync } from 'node:fs'
import { chmod, copyFile, mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildDemoGuest } from '../demo/demo-guest.js'
import { probeAccelerator } from '../host/accelerator.js'
import { unprivilegedAccount } from '../host/accounts.js'
import { EMULATED_QEMU_CPU } from '../model/emulated-cpu.js'
import type { RewriteReport } from '../model/report.js'
import { measureFloor } from './floor.js'
import { type Measured, measureProgram } from './measure-program.js'

interface Row {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly target: number
}

const REWRITE = fileURLToPath(new URL('../cli/bin-rewrite.js', import.meta.url))
const FLOOD = fileURLToPath(new URL('./flooding-virt-install.js', import.meta.url))
const HELP_RUNS = 9

const dir = await mkdtemp(join(tmpdir(), 'cvm-bench-'))
// What was started is ended with the process, and the directory goes too.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1))
process.on('exit', () => rmSync(dir, { recursive: true, force: true }))
const rows = await bench(dir)
for (const row of rows) process.stdout.write(`${rowText(row)}\n`)
await writeFile(
  'bench.json',
  `${JSON.stringify({ at: new Date().toISOString(), node: process.version, rows }, undefined, 2)}\n`,
)
process.stdout.write('\nwritten to bench.json\n')

async function bench(work: string): Promise<Row[]> {
  const say = (text: string) => process.stderr.write(`${text}\n`)
  const recipe = { suite: 'trixie', boot: 'uefi', variant: 'cloud' } as const
  const guest = await buildDemoGuest(recipe, join(homedir(), '.cache', 'cvm-image-rewriter', 'guests'), say)
  const { accel } = await probeAccelerator('auto', await unprivilegedAccount())

  say(`floor: a plain boot of ${guest.path} (${accel})`)
  const floorS = await measureFloor(guest.path, work, accel, accel === 'kvm' ? 'host' : 'max')
  say(`  ${floorS.toFixed(1)} s`)

  say('cvm-rewrite with all plugins')
  await initWithInitrdFile(work)
  const run = await measureProgram(
    [REWRITE, '-i', guest.path, '-o', join(work, 'output.qcow2'), '--json', '-q', '-t', '60'],
    { cwd: work },
  )
  if (run.exitCode !== 0) throw new Error(`the rewrite exited ${run.exitCode}: ${run.stdout}`)
  const report = JSON.parse(run.stdout) as RewriteReport
  const guestS = report.steps.find((step) => step.step === 'guest')?.seconds ?? 0
  say(`  ${run.seconds.toFixed(1)} s, of which ${guestS.toFixed(1)} s in the guest`)

  // What of the difference is the choice of the emulated CPU, and nothing else of the rewriter's.
  const sameCpuS = accel === 'kvm' ? floorS : await measureFloor(guest.path, work, accel, EMULATED_QEMU_CPU)
  say(`floor with the emulated CPU of a rewrite: ${sameCpuS.toFixed(1)} s`)

  say('a guest that floods its console with 1 GB')
  const flood = await floodedRun(guest.path, work)
  const helpMs = await medianHelpMs()
  return [
    {
      name: '(a) floor: plain boot, update-initramfs, update-grub',
      value: floorS,
      unit: 's',
      target: Number.POSITIVE_INFINITY,
    },
    { name: '(b) cvm-rewrite with all plugins', value: run.seconds, unit: 's', target: Number.POSITIVE_INFINITY },
    { name: '(b)/(a)', value: run.seconds / floorS, unit: '', target: 1.0 },
    {
      name: '(b)/(floor with the same emulated CPU)',
      value: run.seconds / sameCpuS,
      unit: '',
      target: Number.POSITIVE_INFINITY,
    },
    { name: '(c) outside the guest boot', value: run.seconds - guestS, unit: 's', target: 5 },
    { name: '(d) peak memory of node', value: run.peakMiB, unit: 'MiB', target: 150 },
    { name: '(d) peak memory, 1 GB console flood', value: flood.peakMiB, unit: 'MiB', target: 150 },
    { name: '(e) --help', value: helpMs, unit: 'ms', target: 150 },
  ]
}

/** The shipped plugins with something to put into the initrd, so that it is rebuilt. */
async function initWithInitrdFile(work: string): Promise<void> {
  await measureProgram([REWRITE, 'init', work], { cwd: work })
  const files = join(work, 'pre-stage', '60-initrd-update', 'files', 'etc')
  await mkdir(files, { recursive: true })
  await writeFile(join(files, 'bench-initrd'), 'in the initrd\n')
}

/** The real program with a virt-install that plays such a guest; the run fails as it must, its memory is what counts. */
async function floodedRun(guest: string, work: string): Promise<Measured> {
  const bin = join(work, 'bin')
  await mkdir(bin)
  // A program without a suffix is an ES module only beside a package.json that says so; the account that runs it must reach it.
  await writeFile(join(bin, 'package.json'), '{"type":"module"}')
  await copyFile(FLOOD, join(bin, 'virt-install'))
  await chmod(join(bin, 'virt-install'), 0o755)
  await chmod(work, 0o755)
  const path = `${bin}:${process.env['PATH'] ?? ''}`
  const run = await measureProgram(
    [REWRITE, '-i', guest, '-o', join(work, 'flooded.qcow2'), '-q', '-t', '10', '--accel', 'tcg'],
    { cwd: work, path },
  )
  if (run.exitCode !== 7) throw new Error(`the flooded run exited ${run.exitCode}: ${run.stderr}`)
  return run
}

async function medianHelpMs(): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < HELP_RUNS; round += 1)
    times.push((await measureProgram([REWRITE, '--help'], {})).seconds * 1000)
  return times.sort((one, other) => one - other)[Math.floor(HELP_RUNS / 2)] ?? 0
}

function rowText(row: Row): string {
  const value = `${row.value.toFixed(row.unit === '' ? 2 : 1)} ${row.unit}`.padStart(12)
  if (!Number.isFinite(row.target)) return `${row.name.padEnd(54)} ${value}`
  return `${row.name.padEnd(54)} ${value}   target ${row.target} ${row.unit}  ${row.value <= row.target ? 'ok' : 'MISSED'}`
}
