import { readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { lockOutput, lockPathOf } from '../../../src/host/lock.js'
import { bootId, identifyProcess } from '../../../src/host/processes.js'
import { makeScratch, type Scratch } from '../../../src/host/scratch.js'

let scratch: Scratch
let output: string
beforeEach(async () => {
  scratch = await makeScratch(tmpdir(), 'lock-test', 0o700)
  output = join(scratch.path, 'output.qcow2')
})
afterEach(() => scratch.remove())

it('is held while its process lives, and says by whom since when', async () => {
  await using lock = await lockOutput(output, 'run-1')

  expect(lock.tookOver).toBeUndefined()
  await expect(lockOutput(output, 'run-2')).rejects.toMatchObject({
    code: 'OUTPUT_LOCKED',
    message: expect.stringMatching(new RegExp(`is locked by pid ${process.pid} since 20\\d\\d-`)),
  })
})

it('is free again after its release, and nothing is left', async () => {
  const lock = await lockOutput(output, 'run-1')
  await lock[Symbol.asyncDispose]()

  await using again = await lockOutput(output, 'run-2')

  expect(again.tookOver).toBeUndefined()
  expect(await readdir(scratch.path)).toEqual(['.output.qcow2.lock'])
})

it('is not released by a run that no longer holds it', async () => {
  const lock = await lockOutput(output, 'run-1')
  await writeLock({ runId: 'run-other' })

  await lock[Symbol.asyncDispose]()

  expect(JSON.parse(await readFile(lockPathOf(output), 'utf8')).runId).toBe('run-other')
})

it.each([
  ['its process is no more', { pid: 2 ** 22 + 1 }],
  ['its pid now belongs to a later process', { startTime: '1' }],
  ['the machine was started anew since', { bootId: '00000000-0000-0000-0000-000000000000' }],
])('is taken over when %s', async (_why, difference) => {
  await writeLock(difference)

  await using lock = await lockOutput(output, 'run-new')

  expect(lock.tookOver).toContain('run-dead')
  expect(JSON.parse(await readFile(lock.path, 'utf8'))).toMatchObject({ pid: process.pid, runId: 'run-new' })
  expect(await readdir(scratch.path)).toEqual(['.output.qcow2.lock'])
})

it.each(['', '{"pid":', '[]', '{"pid":0}', '{"pid":"1; rm"}'])('is taken over when it says only %j', async (text) => {
  await writeFile(lockPathOf(output), text)

  await using lock = await lockOutput(output, 'run-new')

  expect(lock.tookOver).toContain('names nobody')
})

it('is taken over by one of many who try at once', async () => {
  for (let round = 0; round < 40; round += 1) {
    await writeLock({ startTime: '1' })

    const tries = await Promise.allSettled(Array.from({ length: 8 }, (_, n) => lockOutput(output, `run-${n}`)))

    const held = tries.filter((each) => each.status === 'fulfilled')
    expect(held).toHaveLength(1)
    expect(await readdir(scratch.path)).toEqual(['.output.qcow2.lock'])
  }
})

it('works for the longest possible name', async () => {
  await using lock = await lockOutput(join(scratch.path, 'x'.repeat(255)), 'run-1')

  expect(lock.path.length).toBeLessThan(scratch.path.length + 80)
})

it('says that the directory of the output is not there', async () => {
  const run = lockOutput(join(scratch.path, 'no/such/output.qcow2'), 'run-1')

  await expect(run).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' })
})

async function writeLock(difference: object): Promise<void> {
  const holder = { ...identifyProcess(process.pid), bootId: bootId(), runId: 'run-dead', since: '2026-01-01T00:00:00Z' }
  await writeFile(lockPathOf(output), JSON.stringify({ ...holder, ...difference }))
}
