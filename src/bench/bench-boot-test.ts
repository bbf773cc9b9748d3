/**
 * npm run bench:boot-test [IMAGE]: what the boot test adds to a plain boot of the same image with QEMU alone, until the login prompt.
 *
 * The two take turns on one machine, because only ratios mean something on shared hardware. Without an image: the demo guest.
 */
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildDemoGuest } from '../demo/demo-guest.js'
import { probeAccelerator } from '../host/accelerator.js'
import { unprivilegedAccount } from '../host/accounts.js'
import type { BootTestResult } from '../stages/boot-request.js'
import { measureProgram } from './measure-program.js'
import { plainLoginS } from './plain-login.js'

const QEMU_TEST = fileURLToPath(new URL('../cli/bin-qemu-test.js', import.meta.url))
const ROUNDS = 3
/** More than this of the plain boot's time is too much. */
const TARGET = 1.05

const dir = await mkdtemp(join(tmpdir(), 'cvm-bench-'))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1))
process.on('exit', () => rmSync(dir, { recursive: true, force: true }))

const image = process.argv[2] === undefined ? await demoGuest() : resolve(process.argv[2])
const { accel } = await probeAccelerator('auto', await unprivilegedAccount())
const plain: number[] = []
const tested: number[] = []
for (let round = 1; round <= ROUNDS; round += 1) {
  plain.push(await plainLoginS(image, dir, accel))
  tested.push(await testedLoginS())
  process.stdout.write(`${round}: plain ${shown(plain.at(-1))} s, boot test ${shown(tested.at(-1))} s (${accel})\n`)
}
const ratio = median(tested) / median(plain)
process.stdout.write(
  `(boot test)/(plain), medians: ${ratio.toFixed(3)}   target ${TARGET}  ${ratio <= TARGET ? 'ok' : 'MISSED'}\n`,
)

/** From the start of the program to the login prompt: all but what follows the prompt, which the test waits for on purpose. */
async function testedLoginS(): Promise<number> {
  const run = await measureProgram(
    [QEMU_TEST, '-i', image, '--accel', accel, '--json', '--quiet', '--timeout', '30'],
    {},
  )
  if (run.exitCode !== 0) throw new Error(`the boot test exited ${run.exitCode}: ${run.stdout}`)
  const { seconds, milestones } = JSON.parse(run.stdout) as BootTestResult
  const loginS = milestones.find(({ name }) => name === 'login')?.seconds
  if (loginS === undefined) throw new Error('the guest showed no login prompt')
  return run.seconds - (seconds - loginS)
}

async function demoGuest(): Promise<string> {
  const recipe = { suite: 'trixie', boot: 'uefi', variant: 'cloud' } as const
  const say = (text: string) => process.stderr.write(`${text}\n`)
  return (await buildDemoGuest(recipe, join(homedir(), '.cache', 'cvm-image-rewriter', 'guests'), say)).path
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0
}

function shown(seconds: number | undefined): string {
  return (seconds ?? 0).toFixed(1)
}
