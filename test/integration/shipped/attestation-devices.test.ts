import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findTool } from '../../../src/host/find-tool.js'
import { runTool } from '../../../src/host/run-tool.js'
import { copyOfPlugin } from './host-script.js'
import { aScratchGuest, type ScratchGuest } from './scratch-guest.js'

const DEVICES = 'pre-stage/07-device-permission/post-stage/guest_run.sh'
const INTERFACES = 'pre-stage/08-attestation-permissions/post-stage/guest_run.sh'
const RULES = '/etc/udev/rules.d/70-cvm-attestation-devices.rules'
const TMPFILES = '/etc/tmpfiles.d/cvm-attestation.conf'
const ENTRY = '/etc/cvm-image-rewriter/attestation-entry.conf'

const TMPFILES_TOOL = await findTool('systemd-tmpfiles')

/** A guest with the users alice and bob and no group of ours; what changes accounts is printed. */
const ACCOUNTS = {
  getent: 'case "$1 $2" in "passwd alice" | "passwd bob" | "group there") ;; *) exit 2 ;; esac',
  groupadd: 'echo "groupadd $*"',
  usermod: 'echo "usermod $*"',
  // As before systemd 254.
  udevadm: 'exit 1',
}

describe('07-device-permission', () => {
  it('D59a: gives the attestation devices to a group of their own, and to nobody else', async () => {
    await using guest = await aScratchGuest(ACCOUNTS)

    const { exitCode, said } = await guest.run(DEVICES)

    expect(said).toBe('groupadd --system attest\nnote: root and the group attest may open the attestation devices\n')
    expect(exitCode).toBe(0)
    expect(await rulesOf(guest)).toEqual([
      'SUBSYSTEM=="misc", KERNEL=="tdx_guest", GROUP="attest", MODE="0660"',
      'SUBSYSTEM=="misc", KERNEL=="sev-guest", GROUP="attest", MODE="0660"',
    ])
  })

  it('puts the users that are named into the group that is named', async () => {
    await using guest = await aScratchGuest(ACCOUNTS)

    const { said } = await guest.run(DEVICES, {
      env: { CVM_DEVICE_GROUP: 'there', CVM_DEVICE_USERS: 'alice\nbob', CVM_DEVICE_MODE_WORLD: 'false' },
    })

    expect(said).toBe(
      'usermod --append --groups there alice\nusermod --append --groups there bob\n' +
        'note: root and the group there may open the attestation devices\n',
    )
    expect((await rulesOf(guest)).join()).toContain('GROUP="there"')
  })

  it('fails for a user that the guest does not have', async () => {
    await using guest = await aScratchGuest(ACCOUNTS)

    const { exitCode, said } = await guest.run(DEVICES, { env: { CVM_DEVICE_USERS: 'mallory' } })

    expect(exitCode).toBe(1)
    expect(said).toContain('CVM_DEVICE_USERS: there is no user mallory in this guest')
    expect(existsSync(guest.at(RULES))).toBe(false)
  })

  it('D59a: opens them to all only when that is asked for, and says so', async () => {
    await using guest = await aScratchGuest(ACCOUNTS)

    const { said } = await guest.run(DEVICES, { env: { CVM_DEVICE_MODE_WORLD: 'true' } })

    expect(said).toBe('note: every process may open the attestation devices (CVM_DEVICE_MODE_WORLD)\n')
    expect(await rulesOf(guest)).toEqual([
      'SUBSYSTEM=="misc", KERNEL=="tdx_guest", MODE="0666"',
      'SUBSYSTEM=="misc", KERNEL=="sev-guest", MODE="0666"',
    ])
  })

  it('asks the udev of the guest, where that can tell, and fails when it does not take the rule', async () => {
    const udevadm = '[ "$2" = --help ] && exit; echo "unknown group in ${4##*/}"; exit 1'
    await using guest = await aScratchGuest({ ...ACCOUNTS, udevadm })

    const { exitCode, said } = await guest.run(DEVICES)

    expect(exitCode).toBe(1)
    expect(said).toContain('unknown group in 70-cvm-attestation-devices.rules')
  })
})

describe('08-attestation-permissions', () => {
  it.each([
    ['D59a: gives no right to others than root and the group', {}, '0770', '0440', '0220', '0440', 'attest'],
    [
      'D59a: opens all to every process only when asked',
      { CVM_DEVICE_MODE_WORLD: 'true' },
      '0757',
      '0444',
      '0666',
      '0444',
      'root',
    ],
  ])('%s', async (_, env, dir, log, into, out, group) => {
    await using guest = await aScratchGuest(ACCOUNTS)

    expect(await guest.run(INTERFACES, { env })).toMatchObject({ exitCode: 0 })

    const lines = [...(await settings(guest, TMPFILES)), ...(await settings(guest, ENTRY))]
    const modes = lines.map(([type, path = '', mode, owner, of]) => {
      expect([type === 'd' || type === 'z', owner]).toEqual([true, 'root'])
      return [path.replace(/.*\//, ''), mode, of]
    })
    expect(modes).toEqual([
      ['cima', '0755', 'root'],
      ['uds', dir, group],
      ['ascii_runtime_measurements*', log, group],
      ['binary_runtime_measurements*', log, group],
      ['CCEL', log, group],
      ['CCEL', log, group],
      ['cima', dir, group],
      ['inblob', into, group],
      ['privlevel', into, group],
      ['service_*', into, group],
      ['outblob', out, group],
      ['auxblob', out, group],
      ['manifestblob', out, group],
    ])
  })

  it.skipIf(process.getuid?.() !== 0 || TMPFILES_TOOL === undefined)(
    'has lines that systemd-tmpfiles takes and applies (needs root and systemd-tmpfiles)',
    async () => {
      await using guest = await aScratchGuest(ACCOUNTS)
      await guest.write('/etc/group', 'root:x:0:\nattest:x:4711:\n')
      await guest.write('/etc/passwd', 'root:x:0:0::/root:/bin/sh\n')
      const ima = '/sys/kernel/security/integrity/ima/ascii_runtime_measurements'
      const entry = '/sys/kernel/config/tsm/report/cima'
      for (const path of [`${ima}_sha1`, `${ima}_sha256`, '/sys/firmware/acpi/tables/data/CCEL', `${entry}/inblob`])
        await guest.write(path, '', 0o600)
      await guest.run(INTERFACES)

      for (const conf of [TMPFILES, ENTRY]) {
        const args = ['--create', `--root=${guest.root}`, guest.at(conf)]
        expect(await runTool({ tool: 'systemd-tmpfiles', args })).toMatchObject({ exitCode: 0, stderr: '' })
      }

      const access = async (path: string) => {
        const { mode, uid, gid } = await stat(guest.at(path))
        return [(mode & 0o777).toString(8), uid, gid]
      }
      expect(await access('/run/cima/uds')).toEqual(['770', 0, 4711])
      expect(await access(`${ima}_sha1`)).toEqual(['440', 0, 4711])
      expect(await access(`${ima}_sha256`)).toEqual(['440', 0, 4711])
      expect(await access('/sys/firmware/acpi/tables/data/CCEL')).toEqual(['440', 0, 4711])
      expect(await access(entry)).toEqual(['770', 0, 4711])
      expect(await access(`${entry}/inblob`)).toEqual(['220', 0, 4711])
    },
  )

  it('starts the unit for the entry with the device, and not before its directory can be there', async () => {
    await using guest = await aScratchGuest(ACCOUNTS)
    await guest.run(INTERFACES)

    const rule = await guest.read('/etc/udev/rules.d/71-cvm-attestation-entry.rules')
    const unit = await guest.read('/etc/systemd/system/cvm-attestation-entry.service')
    expect(rule).toContain('ENV{SYSTEMD_WANTS}+="cvm-attestation-entry.service"')
    expect(unit).toContain('\nAfter=sys-kernel-config.mount\n')
    expect(unit).toContain(`\nExecStart=/usr/bin/systemd-tmpfiles --create ${ENTRY}\n`)
  })
})

describe('09-vsock-port', () => {
  it.each(['1', '4050', '4294967294'])('writes port %s as Intel\u2019s library reads it', async (port) => {
    await using plugin = await copyOfPlugin('pre-stage/09-vsock-port')

    const { exitCode } = await plugin.run({ CVM_VSOCK_PORT: port })

    expect(exitCode).toBe(0)
    const { stdout } = await runTool({ tool: 'cat', args: [join(plugin.dir, 'files/etc/tdx-attest.conf')] })
    expect(stdout).toBe(`port=${port}\n`)
  })

  it.each(['0', '-1', '4294967295', '99999999999999999999', '4050x', '0x10', '040', 'a[$(touch x)]', '4050\n1'])(
    'refuses %j in one sentence',
    async (port) => {
      await using plugin = await copyOfPlugin('pre-stage/09-vsock-port')

      const { exitCode, said } = await plugin.run({ CVM_VSOCK_PORT: port })

      expect(exitCode).toBe(1)
      expect(said).toBe(`CVM_VSOCK_PORT must be a port from 1 to 4294967294, such as 4050; it is: ${port}\n`)
      expect(existsSync(join(plugin.dir, 'files'))).toBe(false)
      expect(existsSync(join(plugin.dir, 'x'))).toBe(false)
    },
  )

  it('does nothing without a port in a tree that has no plugin.yaml, and says so', async () => {
    await using plugin = await copyOfPlugin('pre-stage/09-vsock-port')

    expect(await plugin.run({})).toEqual({ exitCode: 0, said: 'CVM_VSOCK_PORT is not given: nothing to do\n' })
  })
})

async function rulesOf(guest: ScratchGuest): Promise<readonly string[]> {
  return (await guest.read(RULES)).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}

async function settings(guest: ScratchGuest, path: string): Promise<readonly (readonly string[])[]> {
  const lines = (await guest.read(path)).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return lines.map((line) => line.split(' '))
}
