import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blocksInDocument, filesInDocument, plantDocument } from '../../fixtures/docs-plugins.js'
import { aBench, type Bench } from '../cli/rewrite-bench.js'
import { runCli } from '../cli/run-cli.js'

const TEXTS = blocksInDocument('text')

describe('the three plugins of docs/plugins.md', () => {
  let bench: Bench

  beforeAll(async () => {
    bench = await aBench()
    await rm(join(bench.plugins, 'pre-stage', '10-hello'), { recursive: true })
    await plantDocument(bench.plugins)
  })
  afterAll(async () => await bench[Symbol.asyncDispose]())

  it('are shown as whole files, each larger than the one before', () => {
    const paths = [...filesInDocument().keys()]
    const count = (plugin: string) => paths.filter((path) => path.startsWith(`pre-stage/${plugin}/`)).length

    expect([...new Set(paths.map((path) => path.split('/')[1]))]).toEqual(['20-hello', '30-loud-boot', '40-greeter'])
    expect(['20-hello', '30-loud-boot', '40-greeter'].map(count)).toEqual([2, 2, 5])
  })

  it('have nothing that plugin lint would say', async () => {
    const { code, stdout } = await runCli(bench.plugins, ['plugin', 'lint', '--format', 'json'])

    const own = JSON.parse(stdout).findings.filter(({ plugin }: { plugin: string }) => /^[234]0-/.test(plugin ?? ''))
    expect({ code, own }).toEqual({ code: 0, own: [] })
  })

  it('are listed as the document shows it', async () => {
    const { stdout } = await runCli(bench.plugins, ['plugin', 'list'])

    const [shown = ''] = TEXTS.filter((text) => text.includes('BOOT_LOGLEVEL  integer'))
    expect(stdout.replace(/ {2,}/g, '  ')).toContain(shown.replace(/ {2,}/g, '  '))
    expect(stdout).toContain('20-hello      Puts hello.conf into /etc/hello.\n')
    expect(stdout).toMatch(/40-greeter +skipped: GREETER_NAME not given\n/)
  })

  it('are planned as the document says', async () => {
    const { code, stdout, stderr } = await bench.run(['--dry-run'], { GREETER_NAME: 'anna' })

    expect(code, stderr).toBe(0)
    const plan = JSON.parse(stdout)
    expect(plan.plugins.map(({ name, skipped }: { name: string; skipped?: string }) => [name, skipped])).toEqual([
      ['20-hello', undefined],
      ['30-loud-boot', undefined],
      ['40-greeter', undefined],
      ['10-seal', undefined],
    ])
    expect(plan.options).toEqual([
      { name: 'BOOT_LOGLEVEL', plugins: ['30-loud-boot'], from: 'default', value: '7' },
      { name: 'GREETER_NAME', plugins: ['40-greeter'], from: 'environment', value: 'anna' },
    ])
    expect(plan.wishes.grub).toEqual({
      add: [{ word: 'loglevel=7', plugins: ['30-loud-boot'] }],
      remove: [{ word: 'quiet', plugins: ['30-loud-boot'] }],
      modules: [],
      timeout: { word: '0', plugins: ['30-loud-boot'] },
    })
  })

  it('take another value, and refuse a wrong one in the words that the document shows', async () => {
    const good = await bench.run(['--dry-run'], { BOOT_LOGLEVEL: '4' })
    const wrong = await bench.run(['--dry-run'], { BOOT_LOGLEVEL: 'high' })

    expect(JSON.parse(good.stdout).wishes.grub.add[0].word).toBe('loglevel=4')
    expect(wrong.code).toBe(5)
    const [shown = ''] = TEXTS.filter((text) => text.startsWith('error['))
    expect(shown).not.toBe('')
    expect(wrong.stderr).toContain(shown)
  })

  it('run alone with --only', async () => {
    const { stdout } = await bench.run(['--dry-run', '--only', '20-hello'])

    const running = JSON.parse(stdout).plugins.filter(({ skipped }: { skipped?: string }) => skipped === undefined)
    expect(running.map(({ name }: { name: string }) => name)).toEqual(['20-hello', '10-seal'])
  })

  it('reach the guest: files, scripts, options and wishes are on the seed', async () => {
    const { code, stderr } = await bench.run(['-q'], { GREETER_NAME: 'anna' })

    expect(code, stderr).toBe(0)
    const [boot] = bench.boots()
    const domain = boot?.args[boot.args.indexOf('--name') + 1]
    expect(bench.calls(`${domain}.cvm.run.env`)).toContain("export GREETER_NAME='anna'\n")
    expect(bench.calls(`${domain}.cvm.grub-wishes`)).toBe(
      'add\tloglevel=7\t30-loud-boot\nremove\tquiet\t30-loud-boot\ntimeout\t0\t30-loud-boot\n',
    )
    expect(bench.calls(`${domain}.cvm.requires`)).toBe('useradd\t40-greeter\nsystemctl\t40-greeter\n')
  })
})
