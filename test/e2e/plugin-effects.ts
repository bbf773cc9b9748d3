import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runToolOrFail } from '../../src/host/run-tool.js'
import type { RewriteReport } from '../../src/model/report.js'
import type { Answer, Visit } from './boot.js'
import { oldKernelPackages } from './kernel-package.js'
import { program } from './run-program.js'

export const READ_ONLY = '/usr/share/common-licenses/BSD'
export const TAMPERED = '/usr/bin/pathchk'

/** Its own test shows it: test/e2e/secure-boot.test.ts. */
export const LEFT_OUT = ['20-secure-boot-keys: CVM_SB_KEYS not given']

/** The plugins that a run left out, and why, as LEFT_OUT has them. */
export function leftOut({ plugins }: Pick<RewriteReport, 'plugins'>): readonly string[] {
  return plugins.filter(({ state }) => state !== 'ran').map(({ name, why }) => `${name}: ${why}`)
}

/** The shipped plugins but one in a directory of their own, each with what makes it do something. */
export interface AllPlugins {
  /** Variables for the rewrite. */
  readonly env: Readonly<Record<string, string>>
  /** Files of two private keys that are let in. */
  readonly keys: readonly [string, string]
}

export async function plantAllPlugins(dir: string): Promise<AllPlugins> {
  await program('rewrite', ['init', dir], { cwd: dir })
  await rm(join(dir, 'pre-stage/97-sample/NOT_RUN'))
  await plantInitrdFiles(dir)
  const keys = [await aKey(dir, 'one'), await aKey(dir, 'two')] as const
  const variables = join(dir, 'variables.yaml')
  await writeFile(variables, 'PlatformLang: en\n')
  const env = {
    CVM_FIRMWARE_VARIABLES: variables,
    GUEST_SIZE: '6G',
    CVM_AUTH_KEY: (await Promise.all(keys.map((key) => readFile(`${key}.pub`, 'utf8')))).join(''),
    CVM_USER_SUDO: 'true',
    CVM_READONLY_FILES: READ_ONLY,
    CVM_TDX_GUEST_REPO: await oldKernelPackages(join(dir, 'debs')),
    CVM_DEVICE_USERS: 'cvm',
    CVM_VSOCK_PORT: '4051',
    CVM_KERNEL_ADD: 'cvm.e2e=1 loglevel=5',
    CVM_KERNEL_REMOVE: 'console=tty1',
    IMA_APPRAISE: 'enforce',
  }
  return { env, keys }
}

/** What the commands of LOOKS print in a booted guest; each by its name. */
export async function lookAround(guest: Visit, { keys }: AllPlugins): Promise<Readonly<Record<Look, Answer>>> {
  const seen: Partial<Record<Look, Answer>> = {}
  for (const name of Object.keys(LOOKS) as Look[]) {
    seen[name] = await guest.run({ user: 'cvm', keyFile: keys[name === 'second key' ? 1 : 0] }, LOOKS[name])
  }
  return seen as Record<Look, Answer>
}

export type Look = keyof typeof LOOKS

const LOOKS = {
  'first key': 'id -un',
  'second key': 'id -un',
  sudo: 'sudo -n id -un',
  password: 'sudo -n passwd -S cvm',
  'root size': "df -Pm / | awk 'NR == 2 { print $2 }'",
  motd: 'cat /etc/motd',
  vsock: 'cat /etc/tdx-attest.conf',
  sample: 'cat /etc/cvm-sample/*',
  address: 'ip -4 addr',
  netplan: 'sudo -n cat /etc/netplan/60-cvm-dhcp.yaml',
  'read-only': `echo x | sudo -n tee -a ${READ_ONLY}`,
  kernel: 'uname -r',
  debs: 'find / -xdev -name "*.deb" 2>/dev/null; true',
  group: 'getent group attest',
  rule: 'cat /etc/udev/rules.d/70-cvm-attestation-devices.rules',
  sockets: 'stat -c "%A %U %G" /run/cima/uds',
  cmdline: 'cat /proc/cmdline',
  initrd: 'cat /run/cvm-e2e-early',
  policy: 'sudo -n cat /sys/kernel/security/ima/policy || cat /etc/ima/ima-policy',
  measured:
    'log=/sys/kernel/security/ima/ascii_runtime_measurements; sudo -n sh -c "wc -l <$log; /usr/bin/factor 6 >/dev/null; wc -l <$log"',
  'changed program': `${TAMPERED} x`,
  'sound program': '/usr/bin/users',
  'later program': 'sudo -n cp /usr/bin/true /usr/local/bin/cvm-later && /usr/local/bin/cvm-later',
  sysctl: 'cat /proc/sys/kernel/randomize_va_space',
} as const

/** A file for the initrd, and a script of initramfs-tools that shows it in /run, which the system takes over. */
async function plantInitrdFiles(dir: string): Promise<void> {
  const files = join(dir, 'pre-stage/60-initrd-update/files')
  const scripts = join(files, 'etc/initramfs-tools/scripts/init-bottom')
  await mkdir(join(files, 'etc/cvm-e2e'), { recursive: true })
  await mkdir(scripts, { recursive: true })
  await writeFile(join(files, 'etc/cvm-e2e/early'), 'seen in early boot\n', { mode: 0o640 })
  const script = '#!/bin/sh\n[ "$1" = prereqs ] || cat "/etc/cvm-e2e/early" >/run/cvm-e2e-early\n'
  await writeFile(join(scripts, 'cvm-e2e'), script, { mode: 0o755 })
}

async function aKey(dir: string, name: string): Promise<string> {
  const path = join(dir, `key-${name}`)
  const comment = `${name}@host: "laptop" #1`
  await runToolOrFail({ tool: 'ssh-keygen', args: ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', path] })
  return path
}
