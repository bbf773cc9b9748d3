import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Janitor } from '../../../src/host/janitor.js'
import { isRunning, type ProcessIdentity } from '../../../src/host/processes.js'
import { startBootTpm } from '../../../src/stages/boot-tpm.js'

const SWTPM_THERE = ['swtpm', 'swtpm_setup'].every((tool) => existsSync(`/usr/bin/${tool}`))

let scratchDir: string
let watched: ProcessIdentity[]

beforeEach(async () => {
  scratchDir = await mkdtemp(join(tmpdir(), 'boot-tpm-'))
  watched = []
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(scratchDir, { recursive: true, force: true })
})

function aPlace() {
  const janitor: Janitor = {
    watchPath() {},
    watchPid: (pid, startTime) => watched.push({ pid, startTime }),
    watchPidfile() {},
    watchTerminal() {},
    done: async () => {},
  }
  return { scratchDir, account: undefined, janitor }
}

describe.runIf(SWTPM_THERE)('the TPM of a boot test', () => {
  it('listens, is watched by the janitor, and ends when it is disposed of', async () => {
    const tpm = await startBootTpm(aPlace())
    const swtpm = watched.at(-1)

    expect(existsSync(tpm.socketPath)).toBe(true)
    expect(swtpm !== undefined && isRunning(swtpm)).toBe(true)

    await tpm[Symbol.asyncDispose]()

    expect(swtpm !== undefined && isRunning(swtpm)).toBe(false)
  })

  it('is watched by the janitor while it is being made, so that nothing of it outlives a kill', async () => {
    const making = startBootTpm(aPlace())
    await vi.waitFor(() => expect(watched).toHaveLength(1), { timeout: 5_000, interval: 5 })
    const [setup] = watched
    const program = await readFile(`/proc/${setup?.pid}/cmdline`, 'utf8')
    await using _ = await making

    expect(program).toContain('swtpm_setup')
  })

  it.runIf(existsSync('/usr/bin/qemu-system-x86_64'))('ends by itself when its machine dies', async () => {
    await using tpm = await startBootTpm(aPlace())
    const tpmArguments = ['-chardev', `socket,id=tpm,path=${tpm.socketPath}`, '-tpmdev', 'emulator,id=tpm0,chardev=tpm']
    const machine = spawn(
      'qemu-system-x86_64',
      [
        ['-S', '-nodefaults', '-display', 'none', '-machine', 'q35', '-accel', 'tcg', '-m', '32', '-qmp', 'stdio'],
        [...tpmArguments, '-device', 'tpm-crb,tpmdev=tpm0'],
      ].flat(),
    )
    // QEMU's greeting comes when all devices are there.
    await once(machine.stdout, 'data')

    machine.kill('SIGKILL')

    await vi.waitFor(() => expect(watched.some(isRunning)).toBe(false), { timeout: 5_000 })
  })
})

describe('a machine without swtpm', () => {
  it('is told the packages', async () => {
    vi.stubEnv('PATH', scratchDir)
    if (existsSync('/usr/sbin/swtpm') || existsSync('/sbin/swtpm')) return

    await expect(startBootTpm(aPlace())).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      next: 'apt-get install --no-install-recommends swtpm swtpm-tools',
    })
  })
})
