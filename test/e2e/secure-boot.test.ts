import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { devicePathFromText } from '../../src/firmware/decode/device-path-text.js'
import { LOAD_OPTION, writeLoadOption } from '../../src/firmware/decode/load-option.js'
import type { RewriteReport } from '../../src/model/report.js'
import { cachedPackage } from './cached-package.js'
import { changeEsp, fromEsp, intoEsp } from './esp.js'
import { demoGuest, TRIXIE_UEFI } from './guests.js'
import { installKernelInGuest } from './later-kernel.js'
import { type ProgramResult, program } from './run-program.js'
import { flipOneByte } from './tamper.js'

const SHIMS = ['EFI/BOOT/BOOTX64.EFI', 'EFI/debian/shimx64.efi']
const GRUBS = ['EFI/BOOT/grubx64.efi', 'EFI/debian/grubx64.efi']

let dir: string
let guest: string
let report: RewriteReport
let keys: string
const at = (name: string) => join(dir, name)

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cvm-e2e-sb-'))
  guest = await demoGuest(TRIXIE_UEFI)
  keys = at('keys')
  await rewriter('firmware', 'keys', keys)
  await rewriter('firmware', 'keys', at('other'))
  await rewriter('firmware', 'keys', at('guest'), '--name', 'guest')
  const entry = {
    attributes: LOAD_OPTION.active,
    description: 'chosen by the rewrite',
    filePath: devicePathFromText(String.raw`\EFI\debian\shimx64.efi`),
    optionalData: Buffer.alloc(0),
  }
  await writeFile(at('entry.bin'), writeLoadOption(entry))
  await writeFile(at('vars.yaml'), 'Timeout: 2\nBoot0042: { file: entry.bin }\nBootOrder: "0042"\n')
  await plantSbsign()
  const args = ['-i', guest, '--json', '-t', '15', '--skip', '98-ima-enable-simple', '--plugins', at('plugins')]
  const run = await program('rewrite', args, {
    cwd: dir,
    env: {
      CVM_SB_KEYS: keys,
      CVM_FIRMWARE_VARIABLES: at('vars.yaml'),
      CVM_SB_GUEST_KEY: join(at('guest'), 'db.key'),
      CVM_SB_GUEST_CERT: join(at('guest'), 'db.pem'),
    },
  })
  expect(run.code, run.stderr + run.stdout).toBe(0)
  report = JSON.parse(run.stdout) as RewriteReport
})
afterAll(async () => await rm(dir, { recursive: true, force: true }))

/** The shipped plugins, and one with the package that lets a guest sign. */
async function plantSbsign(): Promise<void> {
  await rewriter('init', at('plugins'))
  const plugin = join(at('plugins'), 'pre-stage/19-sbsigntool')
  await mkdir(plugin)
  await cachedPackage('sbsign-debs', join(plugin, 'debs'), 'trixie', () => 'sbsigntool')
  await writeFile(join(plugin, 'plugin.yaml'), 'description: Lets the guest sign.\nrootfs: { debs: debs }\n')
}

async function rewriter(...args: readonly string[]): Promise<ProgramResult> {
  const run = await program('rewrite', args, { cwd: dir })
  expect(run.code, run.stderr + run.stdout).toBe(0)
  return run
}

/** With the launch file of the rewrite, whatever the image is called. */
async function boot(image: string, ...args: readonly string[]): Promise<ProgramResult> {
  const launch = ['--launch', at('output.launch.json')]
  return await program('qemu-test', ['-i', image, '--timeout', '15', '--json', '--verbose', ...launch, ...args], {
    cwd: dir,
  })
}

async function aCopy(name: string): Promise<string> {
  await copyFile(at('output.qcow2'), at(name))
  return at(name)
}

describe.runIf(process.env['CVM_E2E_ALL'] !== undefined)(
  'a real guest, rewritten with Secure Boot keys of its owner',
  () => {
    it('has a signature under shim, grub and kernel, and each was judged', () => {
      const signed = report.firmware?.signed.map(({ path }) => path) ?? []

      expect(signed).toEqual(expect.arrayContaining([...SHIMS, ...GRUBS, expect.stringMatching(/^\/boot\/vmlinuz-/)]))
      expect(report.checks).toContainEqual(expect.objectContaining({ name: 'secure boot', ok: true }))
    })

    it('boots with Secure Boot on, by the entry that was chosen, as guest and kernel say', async () => {
      const { code, stdout, stderr } = await boot(
        at('output.qcow2'),
        '--console',
        'console.log',
        '--expect',
        'secure-boot=on',
      )

      expect(code, stderr).toBe(0)
      expect(JSON.parse(stdout).expectations).toMatchObject([{ ok: true, seen: 'on' }])
      const console = await readFile(at('console.log'), 'latin1')
      expect(console).toMatch(/BdsDxe: starting Boot0042 "chosen by the rewrite"/)
      expect(console).toContain('Secure boot enabled')
    })

    it('has the key of the guest, for root only, in an image that only its owner can read', async () => {
      expect(report.firmware?.guestSigner).toMatchObject({ certificate: 'CN=guest db', trustedBy: 'MokList' })
      expect(report.firmware?.guestSigner?.hooks).toHaveLength(2)
      expect((await stat(at('output.qcow2'))).mode & 0o777).toBe(0o600)
    })

    it('signs a kernel that comes later, and starts it with no other signature to stand for it', async () => {
      const image = await aCopy('later.qcow2')
      const console = await installKernelInGuest(image, at('output.launch.json'), dir)
      expect(console).toMatch(/cvm-sign-kernel: signed \/boot\/vmlinuz-/)
      expect(console).toContain('cvm-e2e: 1 signature')

      const mode = 'stat -c %a%u /etc/cvm-image-rewriter/secure-boot /etc/cvm-image-rewriter/secure-boot/kernel.key'
      const { code, stdout, stderr } = await boot(
        image,
        ...['--expect', 'secure-boot=on'],
        ...['--expect', `command=test "$(${mode} | xargs)" = "7000 6000"`],
        ...['--expect', 'command=test "$(sbverify --list /boot/vmlinuz-$(uname -r) | grep -c ^signature)" = 1'],
      )

      expect(code, stderr + stdout).toBe(0)
    })

    it('is refused by shim when one byte of grub is another', async () => {
      const image = await aCopy('grub.qcow2')
      await changeEsp(image, dir, async (esp) => {
        for (const path of GRUBS) {
          await fromEsp(esp, path, at('grub.efi'))
          const bytes = await readFile(at('grub.efi'))
          bytes.writeUInt8(bytes.readUInt8(0x2000) ^ 1, 0x2000)
          await writeFile(at('grub.efi'), bytes)
          await intoEsp(esp, at('grub.efi'), path)
        }
      })

      expect(refusalOf(await boot(image))).toMatch(/shim/)
    })

    it('is refused by the boot loader when one byte of the kernel is another', async () => {
      const image = await aCopy('kernel.qcow2')
      const kernel = report.firmware?.signed.find(({ kind }) => kind === 'kernel')?.path ?? ''
      await flipOneByte(image, image, kernel, 0xc00, dir)

      expect(refusalOf(await boot(image))).toMatch(/boot loader|grub/i)
    })
  },
)

// In test:e2e:all only: two boots more, and what a firmware refuses is tested without one, too.
describe.runIf(process.env['CVM_E2E_ALL'] !== undefined)('the firmware of its owner', () => {
  it('refuses a shim that is signed by others only', async () => {
    const image = await aCopy('shim.qcow2')
    await changeEsp(image, dir, async (esp) => {
      await copyFile(guest, at('input.qcow2'))
      await changeEsp(at('input.qcow2'), await mkdtemp(at('input-')), async (from) =>
        fromEsp(from, SHIMS[1] ?? '', at('shim.efi')),
      )
      const { key, cert } = { key: join(at('other'), 'db.key'), cert: join(at('other'), 'db.pem') }
      await rewriter('firmware', 'sign', at('shim.efi'), '--key', key, '--cert', cert, '-o', at('signed.efi'))
      for (const path of SHIMS) await intoEsp(esp, at('signed.efi'), path)
    })

    expect(refusalOf(await boot(image))).toMatch(/firmware/)
  })

  it('refuses its own shim when dbx has the digest', async () => {
    const digest = report.firmware?.signed.find(({ path }) => path === SHIMS[1])?.authenticodeSha256 ?? ''
    await rewriter('firmware', 'enroll', at('output.OVMF_VARS.fd'), '--dbx', digest, '-o', at('dbx.fd'))

    expect(refusalOf(await boot(at('output.qcow2'), '--firmware-vars', at('dbx.fd')))).toMatch(/firmware/)
  })
})

/** The words of the verdict; the test fails when the guest was not refused. */
function refusalOf({ code, stdout, stderr }: ProgramResult): string {
  const { error } = JSON.parse(stdout)
  expect(error?.code, stderr).toBe('GUEST_BOOT_REFUSED')
  expect(code).toBe(7)
  return JSON.stringify(error)
}
