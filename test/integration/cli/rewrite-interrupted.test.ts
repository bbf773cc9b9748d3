import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { aBench, type Bench, type Running, until } from './rewrite-bench.js'

describe('a run that is ended from outside', () => {
  it.concurrent('cleans up at Ctrl-C within five seconds, with exit 130', async () => {
    await using bench = await aBench()
    const running = await withHangingGuest(bench, ['--json'])
    const startedAt = performance.now()

    running.child.kill('SIGINT')
    const { code, stdout } = await running.outcome

    expect(code).toBe(130)
    expect(performance.now() - startedAt).toBeLessThan(5000)
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'error', error: { code: 'SIGINT' } })
    expect(bench.listing()).toEqual({ dir: ['guest.qcow2'], tmp: [] })
    expect(bench.processes()).toEqual([])
  })

  it.concurrent('is cleaned up after by its janitor when it is killed', async () => {
    await using bench = await aBench()
    const running = await withHangingGuest(bench, [])

    running.child.kill('SIGKILL')
    await running.outcome

    await until(() => bench.listing().tmp.length === 0, 'the temporary directory is empty')
    await until(
      () => bench.listing().dir.every((name) => !name.startsWith('.cvm-rewrite')),
      'the work directory is gone',
    )
    await until(() => bench.processes().length === 0, 'all that it had started is gone')
    expect(existsSync(bench.at('output.qcow2'))).toBe(false)

    await bench.guest([])
    expect((await bench.run([])).code).toBe(7)
  })

  it.concurrent('keeps a second run from making the same output', async () => {
    await using bench = await aBench()
    const running = await withHangingGuest(bench, [])

    const second = await bench.run([])

    expect(second.code).toBe(75)
    expect(second.stderr).toMatch(/^error\[OUTPUT_LOCKED\]/m)
    expect(second.stderr).toContain(`${running.child.pid}`)
    running.child.kill('SIGTERM')
    expect((await running.outcome).code).toBe(143)
    expect(bench.listing().dir).toEqual(['guest.qcow2'])
  })
})

async function withHangingGuest(bench: Bench, args: readonly string[]): Promise<Running> {
  await bench.guest([{ console: 'Linux version 6.1\r\n' }, { report: { event: 'boot' } }, { hang: true }])
  const running = bench.start(args)
  await until(() => bench.calls('virt-install') !== '' && existsSync(`${bench.bin}/calls/hangs`), 'the guest hangs')
  return running
}
