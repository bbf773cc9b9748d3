import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkBuilder } from '../demo/builder-checks.js'
import { buildDemoGuest, demoPackages } from '../demo/demo-guest.js'
import { runToolOrFail } from '../host/run-tool.js'
import { CvmError } from '../model/errors.js'
import { EXIT } from '../model/exit.js'
import { userCacheDir } from '../stages/connect-libvirt.js'
import { aptLine, MORE_PACKAGES, missingTools, TOOLS } from '../stages/tools-needed.js'
import { complain } from './complain.js'
import { init } from './init.js'
import { interruption } from './interruption.js'

export interface DemoOptions {
  readonly suite: 'trixie' | 'bookworm'
  readonly boot: 'uefi' | 'bios'
  readonly dir: string
  readonly install: boolean
}

/**
 * cvm-rewrite demo: everything once, on a guest made here: build, rewrite with all plugins, boot-test.
 *
 * The rewrite and the boot test are the two programs themselves, started as a person would start them.
 */
export async function demo(options: DemoOptions): Promise<number> {
  const say = (text: string) => process.stderr.write(`${text}\n`)
  try {
    await ensurePackages(options.install, say)
    const guest = await buildGuest(options, say)
    const dir = resolve(options.dir)
    await prepareDir(dir, say)
    const output = join(dir, 'output.qcow2')
    step(say, `cvm-rewrite -i ${guest} -o ${output} --force`)
    const rewritten = await program('bin-rewrite.js', ['-i', guest, '-o', output, '--force'], dir)
    if (rewritten !== 0) return rewritten
    step(say, `cvm-qemu-test -i ${output}`)
    const tested = await program('bin-qemu-test.js', ['-i', output], dir)
    if (tested === 0) process.stdout.write(closingWords(guest, dir, output))
    return tested
  } catch (error) {
    return await complain(error, false)
  }
}

/** One of our two programs, on this terminal, in the directory with the plugins; its exit code. */
async function program(name: string, args: readonly string[], cwd: string): Promise<number> {
  const child = spawn(process.execPath, [fileURLToPath(new URL(name, import.meta.url)), ...args], {
    cwd,
    stdio: 'inherit',
    env: { GUEST_SIZE: DEMO_GUEST_SIZE, ...process.env },
  })
  // The terminal's Ctrl-C reaches the child too, which cleans up and ends; we wait for it.
  using _ = interruption(() => {})
  return await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? EXIT.bug))
  })
}

/** Missing packages are installed when that was asked for and we may; else the one line is printed. */
async function ensurePackages(install: boolean, say: (text: string) => void): Promise<void> {
  const missing = (await missingTools()).map((row) => row.tool)
  if (missing.length === 0 && (await builderThere()) && (await firmwareThere())) return
  const wanted = [...new Set([...TOOLS.map((row) => row.package), ...MORE_PACKAGES, ...demoPackages])]
  if (!install || process.getuid?.() !== 0) {
    throw new CvmError('TOOL_MISSING', 'programs that the demo needs are not installed', {
      next: `${process.getuid?.() === 0 ? '' : 'sudo '}${aptLine(wanted)}`,
    })
  }
  step(say, aptLine(wanted))
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  await runToolOrFail({ tool: 'apt-get', args: ['update', '-q'], env }, { timeoutMs: APT_LIMIT_MS })
  await runToolOrFail(
    { tool: 'apt-get', args: ['install', '-q', '-y', '--no-install-recommends', ...wanted], env },
    { timeoutMs: APT_LIMIT_MS },
  )
}

/** Other obstacles than missing programs are told when the guest is built. */
async function builderThere(): Promise<boolean> {
  return await checkBuilder().then(
    () => true,
    (error: unknown) => !(error instanceof CvmError && error.code === 'TOOL_MISSING'),
  )
}

async function firmwareThere(): Promise<boolean> {
  const { chooseFirmware } = await import('../launch/firmware-choice.js')
  return await chooseFirmware().then(
    () => true,
    () => false,
  )
}

async function buildGuest(options: DemoOptions, say: (text: string) => void): Promise<string> {
  step(say, `a ${options.suite} guest for ${options.boot.toUpperCase()}, from Debian packages`)
  using interrupted = interruption(() => say('cleaning up …'))
  const recipe = { suite: options.suite, boot: options.boot, variant: 'cloud' } as const
  const { path, fromCache, seconds } = await buildDemoGuest(
    recipe,
    join(userCacheDir(), 'guests'),
    say,
    interrupted.signal,
  )
  say(fromCache ? `taken from the cache: ${path}` : `built in ${seconds.toFixed(0)} s: ${path}`)
  return path
}

/** A directory as `init` makes it, with something for 60-initrd-update to put into the initrd. */
async function prepareDir(dir: string, say: (text: string) => void): Promise<void> {
  if (existsSync(join(dir, 'pre-stage'))) return
  step(say, `cvm-rewrite init ${dir}`)
  const code = await init(dir)
  if (code !== 0) throw new CvmError('USAGE', `${dir} could not be prepared`)
  const marker = join(dir, 'pre-stage', '60-initrd-update', 'files', 'etc', 'cvm-demo')
  await mkdir(marker, { recursive: true })
  await writeFile(join(marker, 'in-the-initrd'), `made by cvm-rewrite demo ${randomBytes(4).toString('hex')}\n`)
}

function step(say: (text: string) => void, text: string): void {
  say(`\n==> ${text}`)
}

function closingWords(guest: string, dir: string, output: string): string {
  return `
What this showed:
  - a Debian guest was rewritten in one boot, by every shipped plugin that needs no option, without a libguestfs appliance
  - the result is sealed: no host keys, machine-id or build state in it, and cloud-init takes no seed any more
  - the result boots, on a throw-away layer; the file itself was not changed by the test

Where things are:
  guest    ${guest}
  plugins  ${join(dir, 'pre-stage')} (yours to change)
  output   ${output}
  report   ${output.replace(/\.qcow2$/, '.report.json')}

next: cvm-rewrite -i YOUR-GUEST.qcow2
`
}

const DEMO_GUEST_SIZE = '6G'
const APT_LIMIT_MS = 30 * 60_000
