import { execFileSync } from 'node:child_process'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { aBench, type Bench, fingerprint } from './rewrite-bench.js'

const SHIPPED = new URL('../../../pre-stage/60-initrd-update', import.meta.url).pathname

describe('files for the initrd', () => {
  it.concurrent('D2: reach the guest in the first run, with what host_run.sh makes, and leave nothing in the plugin', async () => {
    await using bench = await aBench()
    await cp(SHIPPED, join(bench.plugins, 'pre-stage/60-initrd-update'), { recursive: true })
    await bench.plugin('pre-stage/60-initrd-update/files/etc/keys/shipped', 'x', 0o644)
    await bench.plugin('pre-stage/60-initrd-update/host_run.sh', '#!/bin/sh\necho made >files/etc/keys/made\n')
    const before = fingerprint(bench.plugins)

    const first = await bench.run([])
    const second = await bench.run(['-o', 'second.qcow2'])

    expect([first.code, second.code], first.stderr + second.stderr).toEqual([0, 0])
    const paths = ['/etc', '/etc/keys', '/etc/keys/made', '/etc/keys/shipped']
    const wishes = paths.map((path) => `file\t${path}\t60-initrd-update\n`).join('')
    for (const seed of seeds(bench)) {
      expect(seed.wishes).toBe(wishes)
      expect(seed.payload).toContain('etc/keys/made')
    }
    expect(fingerprint(bench.plugins)).toBe(before)
  })

  it.concurrent('end the run before the boot when host_run.sh has not made what plugin.yaml names', async () => {
    await using bench = await aBench()
    await bench.plugin('pre-stage/20-key/plugin.yaml', 'initrd: { files: [etc/key] }\n', 0o644)
    await bench.plugin('pre-stage/20-key/host_run.sh', '#!/bin/sh\nexit 0\n')

    const { code, stderr } = await bench.run([])

    expect(code).toBe(5)
    expect(stderr).toMatch(/20-key\/plugin\.yaml:1:19\n +why: +initrd\.files: nothing in files\/ is etc\/key; /)
    expect(bench.boots()).toEqual([])
  })
})

/** What was on the seed of each run. */
function seeds(bench: Bench) {
  const domains = bench.boots().map(({ args }) => args[args.indexOf('--name') + 1] ?? '')
  expect(new Set(domains).size).toBe(2)
  return domains.map((domain) => ({
    wishes: bench.calls(`${domain}.cvm.initrd-wishes`),
    payload: execFileSync('tar', ['-tf', join(bench.bin, 'calls', `${domain}.payload.tar`)])
      .toString()
      .split('\n'),
  }))
}
