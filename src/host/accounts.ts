import type { Account } from '../model/host.js'
import { runTool } from './run-tool.js'

/**
 * The account that QEMU and libvirt run as when we are root: a guest image is not trusted, so what runs it is not root.
 *
 * Undefined when we are not root (then everything runs as the user itself), or when the machine has no such account.
 */
export async function unprivilegedAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const { stdout } = await runTool({ tool: 'getent', args: ['passwd', ...ACCOUNT_NAMES] }, { timeoutMs: LIMIT_MS })
  const found = stdout.split('\n').map(parsePasswdLine)
  return ACCOUNT_NAMES.map((name) => found.find((account) => account?.name === name)).find(
    (account) => account !== undefined,
  )
}

/**
 * True when the account (we ourselves, when left out) can open the file or directory in this way.
 *
 * Asked of the kernel by a process of that account: modes, ACLs and each directory on the way all count.
 */
export async function canReach(path: string, mode: 'r' | 'rw', account?: Account): Promise<boolean> {
  const tests = mode === 'rw' ? ['-r', '-w'] : ['-r']
  for (const test of tests) {
    const options = { timeoutMs: LIMIT_MS, ...(account ? { as: account } : {}) }
    const { exitCode } = await runTool({ tool: 'test', args: [test, path] }, options)
    if (exitCode !== 0) return false
  }
  return true
}

/** NAME:x:UID:GID:… of passwd(5); root is no unprivileged account, whatever its name. */
export function parsePasswdLine(line: string): Account | undefined {
  const [name, , uid, gid] = line.split(':')
  if (!name || !uid || !gid || !/^\d+$/.test(uid) || !/^\d+$/.test(gid) || Number(uid) === 0) return undefined
  return { name, uid: Number(uid), gid: Number(gid) }
}

/** In order of preference. libvirt-qemu is Debian's; its group is kvm, so it may open /dev/kvm. */
const ACCOUNT_NAMES = ['libvirt-qemu', 'nobody']
const LIMIT_MS = 15_000
