import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { devicePathFromText } from '../../src/firmware/decode/device-path-text.js'
import { LOAD_OPTION, writeLoadOption } from '../../src/firmware/decode/load-option.js'
import { runToolOrFail } from '../../src/host/run-tool.js'
import { launchFileOf } from '../../src/model/output-names.js'
import { type BootChain, bootChainOf, makeEspDisk } from './boot-chain.js'
import { demoGuest, TRIXIE_UEFI } from './guests.js'
import { program } from './run-program.js'
import { startUntil } from './start-script.js'

const CODE = '/usr/share/OVMF/OVMF_CODE_4M.secboot.fd'
const PLAIN_CODE = '/usr/share/OVMF/OVMF_CODE_4M.fd'
const EMPTY_VARS = '/usr/share/OVMF/OVMF_VARS_4M.fd'
const SINGLE_FILE = '/usr/share/ovmf/OVMF.fd'
const SNAKEOIL = { certificate: '/usr/share/ovmf/PkKek-1-snakeoil.pem', key: '/usr/share/ovmf/PkKek-1-snakeoil.key' }

let dir: string
let chain: BootChain
const at = (name: string) => join(dir, name)

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cvm-e2e-firmware-'))
  chain = await bootChainOf(await demoGuest(TRIXIE_UEFI), dir)
  await writeFile(at('grub.cfg'), 'linux /vmlinuz console=ttyS0\nboot\n')
  await rewriter('keys', at('keys'))
  await enroll(EMPTY_VARS, 'microsoft.fd', '--pk', at('keys/PK.pem'), '--kek', at('keys/KEK.pem'), '--microsoft')
})
afterAll(async () => await rm(dir, { recursive: true, force: true }))

// In test:e2e:all only: with the same keys the same shim and grub start below, and a kernel of Debian in boot-test.test.ts.
describe.runIf(process.env['CVM_E2E_ALL'] !== undefined)("a firmware with Microsoft's keys, enrolled by us", () => {
  it("starts Debian's own chain, under Secure Boot", async () => {
    await makeShimDisk('debian.raw', chain.kernel)

    const { console } = await boot('debian.raw', flash('microsoft.fd'))

    expect(console).toContain('Linux version')
    expect(console).toContain('Secure boot enabled')
  })
})

describe('a kernel that only a machine owner has signed', () => {
  beforeAll(async () => {
    const request = ['req', '-x509', '-config', '/dev/null', '-newkey', 'rsa:2048', '-nodes', '-days', '30']
    const files = ['-keyout', at('mok.key'), '-out', at('mok.pem')]
    await runToolOrFail({ tool: 'openssl', args: [...request, '-subj', '/CN=A machine owner', ...files] })
    await sign('owned', { key: at('mok.key'), certificate: at('mok.pem') })
    await makeShimDisk('owned.raw', at('owned'))
  })

  it('is refused by the boot loader', async () => {
    const { error, console } = await boot('owned.raw', flash('microsoft.fd'))

    expect(error).toMatchObject({
      code: 'GUEST_BOOT_REFUSED',
      message: expect.stringContaining('The boot loader refused the kernel'),
    })
    expect(console).not.toContain('Linux version')
  })

  it('is started by shim and grub when MokList has its certificate, and the kernel gets the list from shim', async () => {
    await enroll(at('microsoft.fd'), 'mok.fd', '--mok', at('mok.pem'))

    const { console } = await boot('owned.raw', flash('mok.fd'))

    expect(console).toContain('Secure boot enabled')
    // Out of MokListRT, which shim makes from MokList.
    expect(console).toContain("Loaded X.509 cert 'A machine owner")
  })
})

describe('the snakeoil certificate of Debian and two boot entries', () => {
  const asKeys = ['--pk', '--kek', '--db'].flatMap((option) => [option, SNAKEOIL.certificate])

  beforeAll(async () => {
    // Debian publishes the key together with its passphrase (README.Debian of the package ovmf).
    const open = ['pkey', '-in', SNAKEOIL.key, '-passin', 'pass:snakeoil', '-out', at('snakeoil.key')]
    await runToolOrFail({ tool: 'openssl', args: open })
    await sign('snakeoil.efi', { key: at('snakeoil.key'), certificate: SNAKEOIL.certificate })
    await makeEspDisk(at('entries.raw'), { '/EFI/debian/linux.efi': at('snakeoil.efi') })
    await enroll(EMPTY_VARS, 'snakeoil.fd', ...asKeys)
    await enroll(SINGLE_FILE, 'OVMF.fd', ...asKeys)
  })

  it('start what is signed with its key, by the entry that stands first in BootOrder', async () => {
    await setEntries('snakeoil.fd', '0007,0003')

    const { console } = await boot('entries.raw', flash('snakeoil.fd'))

    expect(console).toContain('starting Boot0007 "entry 0007"')
    expect(console).toMatch(/Command line: .*cvm\.entry=0007/)
    expect(console).toContain('Secure boot enabled')
  })

  it('are taken from a firmware in a single file, too; another BootOrder starts the other entry', async () => {
    await setEntries('OVMF.fd', '0003,0007')

    const { console } = await boot('entries.raw', ['--ovmf', at('OVMF.fd')])

    expect(console).toContain('starting Boot0003 "entry 0003"')
    expect(console).toMatch(/Command line: .*cvm\.entry=0003/)
    expect(console).toContain('Secure boot enabled')
  })
})

describe('a Timeout in the variables', () => {
  // Longer than a busy machine needs for the rest: halves of it tell a wait from none, and in the last test nothing but the time does.
  const WAIT_SECONDS = 20

  beforeAll(async () => {
    await makeEspDisk(at('menu.raw'), { '/EFI/debian/linux.efi': chain.kernel })
    for (const [from, to] of [
      [EMPTY_VARS, 'menu.fd'],
      [SINGLE_FILE, 'menu.OVMF.fd'],
    ]) {
      await rewriter('set', from ?? '', 'Timeout', String(WAIT_SECONDS), '-o', at(to ?? ''))
      await setEntries(to ?? '', '0007,0003')
    }
  })

  it('is honoured by a start script that is told so: the firmware waits as long, and keeps the variable', async () => {
    const { firstByteSeconds, wordsSeconds, timeout } = await startPrinted(String(WAIT_SECONDS))

    expect(wordsSeconds).toBeGreaterThanOrEqual(WAIT_SECONDS)
    // The firmware clears the screen and then waits; what it printed may have reached us late.
    expect(wordsSeconds - firstByteSeconds).toBeGreaterThan(WAIT_SECONDS / 2)
    expect(timeout).toBe('the boot menu waits 20 s')
  })

  it('gives way to a launch that wants to start at once', async () => {
    const { firstByteSeconds, wordsSeconds, timeout } = await startPrinted('0')

    expect(wordsSeconds - firstByteSeconds).toBeLessThan(WAIT_SECONDS / 2)
    expect(timeout).toBe('the boot menu waits 0 s')
  })

  it('is honoured by cvm-qemu-test, of a firmware in a single file, as the launch file beside the image says', async () => {
    const vm = { firmware: { image: 'menu.OVMF.fd' }, 'boot-menu-wait': WAIT_SECONDS }
    await writeFile(launchFileOf(at('menu.raw')), JSON.stringify({ vm }))

    const { console, milestones } = await boot('menu.raw', [])

    expect(milestones[0]).toMatchObject({ name: 'firmware', detail: expect.stringContaining('Boot0007') })
    expect(milestones[0]?.seconds).toBeGreaterThanOrEqual(WAIT_SECONDS)
    expect(console).toMatch(/Command line: .*cvm\.entry=0007/)
  })

  /** As a person would: prints a script and runs it. Gives also what the firmware has made of the variable. */
  async function startPrinted(seconds: string) {
    const flags = ['--boot-menu-wait', seconds, '--net', 'none', '--accel', 'tcg']
    const firmware = ['--firmware-code', PLAIN_CODE, '--firmware-vars', at('menu.fd')]
    const printed = await program(
      'rewrite',
      ['launch', '-i', at('menu.raw'), ...firmware, ...flags, '--format', 'script'],
      { cwd: dir },
    )
    expect(printed.code, printed.stderr).toBe(0)
    await writeFile(at('start.sh'), printed.stdout)
    await rm(at('menu.vars.fd'), { force: true })
    const started = await startUntil(at('start.sh'), 'starting Boot0007', dir)
    const { stdout } = await program('rewrite', ['firmware', 'show', at('menu.vars.fd')], { cwd: dir })
    return { ...started, timeout: /^ *Timeout .*\n *(.*)$/m.exec(stdout)?.[1] }
  }
})

/** Firmware, shim, grub and a kernel, which grub starts without a menu. */
async function makeShimDisk(name: string, kernel: string): Promise<void> {
  await makeEspDisk(at(name), {
    '/EFI/BOOT/BOOTX64.EFI': chain.shim,
    '/EFI/BOOT/grubx64.efi': chain.grub,
    '/EFI/debian/grub.cfg': at('grub.cfg'),
    '/vmlinuz': kernel,
  })
}

/** Makes a kernel with this signature in place of Debian's. */
async function sign(name: string, by: { readonly key: string; readonly certificate: string }): Promise<void> {
  const bare = at(`${name}.bare`)
  await writeFile(bare, await readFile(chain.kernel))
  await runToolOrFail({ tool: 'sbattach', args: ['--remove', bare] })
  await rewriter('sign', bare, '--key', by.key, '--cert', by.certificate, '-o', at(name))
}

/** Sets Boot0003 and Boot0007: the same kernel, told by which entry it was started. */
async function setEntries(firmware: string, bootOrder: string): Promise<void> {
  const set = (...args: readonly string[]) => rewriter('set', at(firmware), ...args, '-o', at(firmware), '--force')
  for (const number of ['0003', '0007']) {
    const entry = {
      attributes: LOAD_OPTION.active,
      description: `entry ${number}`,
      filePath: devicePathFromText(String.raw`\EFI\debian\linux.efi`),
      // The EFI stub takes them as its command line. Source: Linux, Documentation/admin-guide/efi-stub.rst.
      optionalData: Buffer.from(`console=ttyS0 cvm.entry=${number}\0`, 'utf16le'),
    }
    await writeFile(at('entry.bin'), writeLoadOption(entry))
    await set(`Boot${number}`, '--file', at('entry.bin'))
  }
  await set('BootOrder', bootOrder)
}

async function enroll(from: string, to: string, ...keys: readonly string[]): Promise<void> {
  await rewriter('enroll', from, ...keys, '-o', at(to))
}

async function rewriter(...args: readonly string[]): Promise<void> {
  const run = await program('rewrite', ['firmware', ...args], { cwd: dir })
  expect(run.code, run.stderr + run.stdout).toBe(0)
}

function flash(vars: string): readonly string[] {
  return ['--secure-boot', '--firmware-code', CODE, '--firmware-vars', at(vars)]
}

/** What the verdict was, and what the serial port said. A kernel that has started ends in a panic: it has no root. */
async function boot(disk: string, firmware: readonly string[]) {
  const wanted = ['--timeout', '4', '--json', '--console', at('console.log')]
  const { code, stdout, stderr } = await program('qemu-test', ['-i', at(disk), ...wanted, ...firmware], { cwd: dir })
  expect(code, stderr + stdout).toBe(7)
  const { error, milestones } = JSON.parse(stdout)
  return { error, milestones, console: await readFile(at('console.log'), 'latin1') }
}
