import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { aBench, aGoodGuest, aPartRun, type Bench, base64, type GuestStep } from './rewrite-bench.js'

const VALUE = 'correct horse: "battery"'
const GIVEN = { CVM_LICENCE: VALUE }

describe('the value of a secret option', () => {
  it.concurrent('reaches the scripts, and no log, report or line of a good run', async () => {
    await using bench = await aBenchWithSecret('echo "host has $CVM_LICENCE"')
    await bench.guest(aTalkativeGuest())

    const outcome = await bench.run(['-v'], GIVEN)

    expect(outcome.code).toBe(0)
    expect(outcome.stderr).toContain('10-hello: host has (secret)')
    expect(outcome.stderr).toContain('the guest got (secret)')
    expect(`${outcome.stdout}${outcome.stderr}`).not.toContain(VALUE)
    expect(filesWith(VALUE, bench.dir)).toEqual([])
    expect(JSON.parse(readFileSync(bench.at('output.report.json'), 'utf8')).variables).toEqual({
      CVM_LICENCE: '(secret)',
    })
  })

  it.concurrent('is in no argument of a program, and in no file of the seed that others may read', async () => {
    await using bench = await aBenchWithSecret('true')

    await bench.run([], GIVEN)

    const [boot] = bench.boots()
    expect(boot?.args.join(' ')).not.toContain(VALUE)
    expect(JSON.stringify(boot?.env)).not.toContain(JSON.stringify(VALUE).slice(1, -1))
  })

  it.concurrent('is not in what a failed run leaves: error, report, console and logs', async () => {
    await using bench = await aBenchWithSecret('echo "host has $CVM_LICENCE"')
    await bench.guest([
      { console: `Linux version 6.1\r\ntalking about ${VALUE}\r\n` },
      { report: { event: 'boot' } },
      ...aPartRun('100-10-hello-guest_run.sh', 3, `no: ${VALUE}\n`),
      { report: { event: 'failed', part: '100-10-hello-guest_run.sh', rc: 3 } },
    ])

    const outcome = await bench.run(['--json'], GIVEN)

    expect(outcome.code).toBe(7)
    expect(JSON.parse(outcome.stdout).error.why).toBe('no: (secret)')
    expect(outcome.stderr).not.toContain(VALUE)
    const [kept = ''] = readdirSync(bench.dir).filter((name) => name.startsWith('output.failed-'))
    expect(readdirSync(bench.at(kept)).sort()).toEqual(['console.log', 'logs', 'report.json'])
    expect(readFileSync(join(bench.at(kept), 'console.log'), 'utf8')).toContain('talking about (secret)')
    expect(filesWith(VALUE, bench.dir)).toEqual([])
    expect(filesWith(base64(VALUE).slice(0, 24), bench.dir)).toEqual([])
  })

  it.concurrent('is not in the error of a host script that prints it and fails', async () => {
    await using bench = await aBenchWithSecret('echo "refused: $CVM_LICENCE"; exit 1')

    const outcome = await bench.run([], GIVEN)

    expect(outcome.code).toBe(6)
    expect(outcome.stderr).toContain('refused: (secret)')
    expect(outcome.stderr).not.toContain(VALUE)
    expect(filesWith(VALUE, bench.dir)).toEqual([])
  })

  it.concurrent('is not in the plan of --dry-run, which tells that it is given', async () => {
    await using bench = await aBenchWithSecret('true')

    const outcome = await bench.run(['--dry-run'], GIVEN)

    expect(outcome.stdout).not.toContain(JSON.stringify(VALUE).slice(1, -1))
    expect(JSON.parse(outcome.stdout).options).toEqual([
      { name: 'CVM_LICENCE', plugins: ['10-hello'], from: 'environment', value: '(secret)' },
    ])
  })
})

async function aBenchWithSecret(hostLine: string): Promise<Bench> {
  const bench = await aBench()
  const manifest = 'options:\n  CVM_LICENCE: { type: string, secret: true }\n'
  await bench.plugin('pre-stage/10-hello/plugin.yaml', manifest, 0o644)
  await bench.plugin('pre-stage/10-hello/host_run.sh', `#!/bin/sh\n${hostLine}\n`)
  return bench
}

/** Says the value in a note, on the console and in the last lines of a part. */
function aTalkativeGuest(): GuestStep[] {
  const note = { event: 'note', part: '100-10-hello-guest_run.sh', text: base64(`the guest got ${VALUE}`) }
  return [
    { console: `it is ${VALUE}\r\n` },
    ...aGoodGuest().flatMap((step) => (step.report?.['event'] === 'cloud-init' ? [{ report: note }, step] : [step])),
  ]
}

function filesWith(text: string, dir: string): string[] {
  const forms = [text, JSON.stringify(text).slice(1, -1)]
  return readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) => {
    const path = join(dir, name)
    if (!statSync(path).isFile() || name.endsWith('.qcow2')) return false
    const content = readFileSync(path, 'utf8')
    return forms.some((form) => content.includes(form))
  })
}
