import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { unprivilegedAccount } from '../../../src/host/accounts.js'
import { findTool } from '../../../src/host/find-tool.js'
import type { Janitor } from '../../../src/host/janitor.js'
import { type LibvirtConnection, startPrivateLibvirt } from '../../../src/host/private-libvirt.js'
import { identifyProcess } from '../../../src/host/processes.js'
import { runTool, runToolOrFail } from '../../../src/host/run-tool.js'
import { makeScratch, type Scratch } from '../../../src/host/scratch.js'
import type { Account, ToolResult } from '../../../src/model/host.js'

const installed = (await findTool('libvirtd')) ?? (await findTool('virtqemud'))

describe.skipIf(installed === undefined)('a private libvirt (skipped: no libvirt daemon is installed)', () => {
  let scratch: Scratch
  let account: Account | undefined
  let pids: number[]
  beforeEach(async () => {
    pids = []
    account = await unprivilegedAccount()
    scratch = await makeScratch('/tmp', 'lv', 0o711)
    await mkdir(join(scratch.path, 'cache'))
  })
  afterEach(() => scratch.remove())

  it('answers its clients, knows no guests of others, and leaves no process', { timeout: 60_000 }, async () => {
    const connection = await start()
    const daemons = [...pids]

    const list = await virsh(connection, 'list', '--all', '--name')
    await connection[Symbol.asyncDispose]()

    expect(list).toMatchObject({ exitCode: 0 })
    expect(list.stdout.trim()).toBe('')
    expect(daemons).toHaveLength(1)
    expect(daemons.map(identifyProcess)).toEqual([undefined])
    expect(processesBelow(scratch.path)).toEqual([])
  })

  it('ends a running guest with itself', { timeout: 60_000 }, async () => {
    const connection = await start()
    await runToolOrFail(
      {
        tool: 'virt-install',
        args: [
          ['--connect', connection.uri, '--transient', '--noautoconsole', '--name', 'cvm-test-guest'],
          ['--virt-type', 'qemu', '--osinfo', 'linux2022', '--memory', '64', '--import', '--disk', 'none'],
          ['--network', 'none', '--graphics', 'none', '--controller', 'type=usb,model=none'],
        ].flat(),
        env: connection.env,
        cwd: '/',
      },
      { timeoutMs: 40_000, ...asOf(connection) },
    )
    const runDir = join(connection.env['XDG_RUNTIME_DIR'] ?? '', 'libvirt', 'qemu', 'run')
    expect(readdirSync(runDir)).toContain('cvm-test-guest.pid')
    const known = realpathSync(join(connection.env['XDG_CACHE_HOME'] ?? '', 'libvirt', 'qemu', 'cache'))

    await connection[Symbol.asyncDispose]()

    expect(processesBelow(scratch.path)).toEqual([])
    // What was found out about QEMU outlives the daemon's own directories.
    expect(known.startsWith(join(scratch.path, 'libvirt'))).toBe(false)
    expect(readdirSync(join(known, 'capabilities')).length).toBeGreaterThan(0)
  })

  it('starts no second daemon for a client that comes too late', { timeout: 60_000 }, async () => {
    const connection = await start()
    await connection[Symbol.asyncDispose]()

    const late = await virsh(connection, 'uri')

    expect(late.exitCode).not.toBe(0)
    expect(processesBelow(scratch.path)).toEqual([])
  })

  it.skipIf(process.getuid?.() !== 0)('does not run as root (needs root)', { timeout: 60_000 }, async () => {
    await using _connection = await start()

    const daemon = pids[0]

    expect(account).toBeDefined()
    expect((await stat(`/proc/${daemon}`)).uid).toBe(account?.uid)
  })

  async function start(): Promise<LibvirtConnection> {
    return await startPrivateLibvirt({
      scratchDir: scratch.path,
      cacheDir: join(scratch.path, 'cache', 'libvirt'),
      account,
      janitor: recordingJanitor(),
    })
  }

  function recordingJanitor(): Janitor {
    return { watchPath() {}, watchPid: (pid) => pids.push(pid), watchPidfile() {}, watchTerminal() {}, async done() {} }
  }
})

async function virsh(connection: LibvirtConnection, ...args: readonly string[]): Promise<ToolResult> {
  const call = { tool: 'virsh', args: ['-c', connection.uri, ...args], env: connection.env, cwd: '/' }
  return await runTool(call, { timeoutMs: 30_000, ...asOf(connection) })
}

function asOf(connection: LibvirtConnection): { as?: Account } {
  return connection.account === undefined ? {} : { as: connection.account }
}

/** Pids of processes that name the directory in their environment or arguments. */
function processesBelow(dir: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && mentions(pid, dir))
}

function mentions(pid: string, dir: string): boolean {
  return ['cmdline', 'environ'].some((file) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'utf8').includes(dir)
    } catch {
      return false
    }
  })
}
