import { execFileSync, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readFormBytes } from '../../../src/plugins/manifest/read-form-bytes.js'
import { LARGEST_FORM_BYTES } from '../../../src/plugins/manifest/yaml-form.js'

it('reads no more than shows that a file is too large, were it without an end', async () => {
  expect((await readFormBytes('/dev/zero')).length).toBe(LARGEST_FORM_BYTES + 1)
})

it('reads a pipe to its end', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'read-form-'))
  const pipe = join(dir, 'pipe')
  execFileSync('mkfifo', [pipe])
  spawn('sh', ['-c', 'exec >"$0"; echo "secure-boot:"; sleep 0.2; echo " on"', pipe], { stdio: 'ignore' })

  expect((await readFormBytes(pipe)).toString()).toBe('secure-boot:\n on\n')
  await rm(dir, { recursive: true })
})

it('stops waiting for the writer of a pipe when it is told to', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'read-form-'))
  const pipe = join(dir, 'pipe')
  execFileSync('mkfifo', [pipe])
  const reason = new Error('enough')

  await expect(readFormBytes(pipe, abortedSoon(reason))).rejects.toBe(reason)
  await rm(dir, { recursive: true })
})

it('reads no more of a pipe than shows that it is too large', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'read-form-'))
  const pipe = join(dir, 'pipe')
  execFileSync('mkfifo', [pipe])
  spawn('sh', ['-c', 'exec cat /dev/zero >"$0"', pipe], { stdio: 'ignore' })

  expect((await readFormBytes(pipe)).length).toBe(LARGEST_FORM_BYTES + 1)
  await rm(dir, { recursive: true })
})

function abortedSoon(reason: Error): AbortSignal {
  const controller = new AbortController()
  setTimeout(() => controller.abort(reason), 100)
  return controller.signal
}
