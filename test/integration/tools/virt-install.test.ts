import { chown, copyFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FIXED_ADDRESSES_OEM_STRING } from '../../../src/guest/fixed-addresses.js'
import { UNSEAL_OEM_STRING } from '../../../src/guest/unseal.js'
import { unprivilegedAccount } from '../../../src/host/accounts.js'
import { Cleanup } from '../../../src/host/cleanup.js'
import { startJanitor } from '../../../src/host/janitor.js'
import { type LibvirtConnection, startPrivateLibvirt } from '../../../src/host/private-libvirt.js'
import { runTool } from '../../../src/host/run-tool.js'
import { makeScratch } from '../../../src/host/scratch.js'
import { chooseFirmware } from '../../../src/launch/firmware-choice.js'
import type { Machine } from '../../../src/model/rewrite.js'
import { virtInstallCall } from '../../../src/tools/virt-install.js'

const cleanup = new Cleanup()
let libvirt: LibvirtConnection
let dir = ''

beforeAll(async () => {
  const account = await unprivilegedAccount()
  const scratch = cleanup.use(await makeScratch('/tmp', 'vi', 0o755))
  dir = scratch.path
  const janitor = startJanitor()
  cleanup.defer(async () => await janitor.done())
  libvirt = cleanup.use(
    await startPrivateLibvirt({
      scratchDir: dir,
      cacheDir: join(homedir(), '.cache', 'cvm-image-rewriter', 'libvirt'),
      account,
      janitor,
    }),
  )
  for (const name of ['work.qcow2', 'ciiso.iso']) {
    await writeFile(join(dir, name), 'x')
    if (account !== undefined) await chown(join(dir, name), account.uid, account.gid)
  }
}, 60_000)
afterAll(async () => await cleanup[Symbol.asyncDispose]())

/** What the real virt-install makes of our arguments for the real libvirt, without starting it. */
async function xmlFor(firmware: Machine['firmware']): Promise<string> {
  const call = virtInstallCall({
    uri: libvirt.uri,
    domain: 'cvm-rewrite-0badcafe',
    machine: { accel: 'tcg', accelWhy: '', firmware, memoryMiB: 512, vcpus: 2 },
    workImage: join(dir, 'work.qcow2'),
    seedIso: join(dir, 'ciiso.iso'),
    ...(firmware.kind === 'uefi' ? { varsFile: join(dir, 'vars.fd') } : {}),
    consoleSocket: '/s/console',
    reportSocket: '/s/report',
    oemStrings: [UNSEAL_OEM_STRING, FIXED_ADDRESSES_OEM_STRING],
  })
  const as = libvirt.account === undefined ? {} : { as: libvirt.account }
  const result = await runTool(
    { ...call, args: [...call.args, '--print-xml', '--dry-run'], env: libvirt.env, cwd: '/' },
    { ...as, timeoutMs: 40_000 },
  )
  expect({ code: result.exitCode, stderr: result.stderr }).toEqual({ code: 0, stderr: '' })
  return result.stdout
}

describe('the arguments for virt-install', () => {
  it('make the domain that we mean: trimmable disk, read-only seed, two ports of ours, nothing more', async () => {
    const xml = await xmlFor({ kind: 'bios' })

    expect(xml).toContain('<name>cvm-rewrite-0badcafe</name>')
    expect(xml).toMatch(/<domain type="qemu">[\s\S]*machine="q35"/)
    expect(xml).toMatch(/<driver name="qemu" type="qcow2"(?=[^>]* discard="unmap")(?=[^>]* cache="unsafe")[^>]*\/>/)
    expect(xml).toMatch(/type="raw"[\s\S]*ciiso\.iso[\s\S]*<target dev="vdb" bus="virtio"\/>\s*<readonly\/>/)
    const ports = [...xml.matchAll(/<serial type="unix">\s*<source mode="connect" path="([^"]*)"/g)].map(
      ([, path]) => path,
    )
    expect(ports).toEqual(['/s/console', '/s/report'])
    expect(xml).toContain('<on_reboot>restart</on_reboot>')
    expect(xml).toContain('<on_crash>destroy</on_crash>')
    expect(xml).toContain('useserial="yes"')
    expect(xml).toContain(UNSEAL_OEM_STRING)
    expect(xml).toContain(FIXED_ADDRESSES_OEM_STRING)
    expect(xml).toMatch(/<interface type="user">/)
    expect(xml).not.toMatch(/<tpm|<graphics|<video|<sound|<channel|<input|<loader/)
    expect(xml).toMatch(/<memballoon model="none"\/>/)
    expect(xml.match(/<rng model="virtio">/g)).toHaveLength(1)
  })

  it('give UEFI its code and a store of the run', async () => {
    const { uefi } = await chooseFirmware()
    await copyFile(uefi.vars, join(dir, 'vars.fd'))

    const xml = await xmlFor({ kind: 'uefi', ...uefi })

    expect(xml).toMatch(/<loader(?=[^>]* readonly="yes")(?=[^>]* type="pflash")[^>]*>[^<]*OVMF_CODE[^<]*<\/loader>/)
    expect(xml).toContain(`<nvram>${join(dir, 'vars.fd')}</nvram>`)
    expect(xml).not.toContain('<tpm')
  })
})
