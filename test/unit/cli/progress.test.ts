import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Progress } from '../../../src/cli/progress.js'
import type { RunEvent } from '../../../src/model/events.js'
import { aPlan, aPlugin } from '../../fixtures/builders.js'

const EVENTS: readonly RunEvent[] = [
  { type: 'stage', stage: 'pre-stage', number: 1, text: 'plugins on the host' },
  { type: 'plugin', plugin: '10-a', state: 'skipped', text: 'it has a NOT_RUN file' },
  { type: 'plugin', plugin: '20-b', state: 'done', text: '' },
  { type: 'command', text: 'virt-install --name x' },
  { type: 'guest-time', limitMs: 60_000 },
  { type: 'guest', event: { event: 'note', s: 1, part: 'x', text: '' }, text: 'hello \u001b[31mred' },
  { type: 'console', lines: ['booting'] },
  { type: 'warning', text: 'beware' },
]

let written = ''
beforeEach(() => {
  written = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written += String(text)
    return true
  })
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

function shown(options: { quiet?: true; verbose?: true; console?: false }, isTty: boolean): string {
  vi.spyOn(process.stderr, 'isTTY', 'get').mockReturnValue(isTty)
  const progress = new Progress({
    quiet: options.quiet === true,
    verbose: options.verbose === true,
    console: options.console !== false,
  })
  for (const event of EVENTS) progress.say(event)
  progress.end()
  return written
}

// The property is not there when stderr is no terminal.
Object.defineProperty(process.stderr, 'isTTY', { configurable: true, get: () => false })

describe('Progress', () => {
  it('is one plain line an event without a terminal', () => {
    const text = shown({}, false)

    expect(text.replaceAll(/\u001b\[\d+m/g, '').split('\n')).toEqual([
      '00:00 [1/3 pre-stage] plugins on the host',
      '00:00   10-a skipped: it has a NOT_RUN file',
      '00:00   20-b: done',
      '00:00   guest: hello red',
      'warning beware',
      '',
    ])
    expect(text).not.toMatch(/\u001b\[[\d;]*[A-LN-Za-ln-z]/)
  })

  it('says warnings only when it is to be quiet, on a terminal too', () => {
    expect(shown({ quiet: true }, true)).toMatch(/^\S*warning\S* beware\n$/)
  })

  it('shows commands when asked for more', () => {
    expect(shown({ verbose: true }, false)).toContain('virt-install --name x')
  })

  it('shows time and console on a terminal, and takes them away in the end', () => {
    const text = shown({}, true)

    expect(text).toMatch(/00:00 of 01:00, (01:00|00:59) left/)
    expect(text).toContain('  | booting')
    expect(text.endsWith('\u001b[0J')).toBe(true)
  })

  it('keeps the console off the screen with --no-console, and everything live off a dumb terminal', () => {
    expect(shown({ console: false }, true)).not.toContain('booting')
    written = ''
    vi.stubEnv('TERM', 'dumb')
    expect(shown({}, true)).not.toContain('left')
  })

  it('says before the start what will run, and that KVM is missing', () => {
    const plan = aPlan({
      plugins: [aPlugin(), aPlugin({ name: '20-b', skipped: 'NOT_RUN' })],
      machine: { ...aPlan().machine, accel: 'tcg', accelWhy: 'no /dev/kvm' },
      notes: ['odd'],
    })
    new Progress({ quiet: false, verbose: false, console: true }).plan(plan)

    expect(written).toContain('plugins: 10-hello\n')
    expect(written).toMatch(/no KVM.*no \/dev\/kvm; emulation is used/)
    expect(written).toContain('notes:   1 about')
  })

  it('shows what is odd about the image without being asked, and only once', () => {
    const warnings = ['1 internal snapshots: left out']
    const plan = aPlan({ input: { ...aPlan().input, warnings }, notes: warnings })

    new Progress({ quiet: false, verbose: true, console: true }).plan(plan)

    expect(written.match(/1 internal snapshots/g)).toHaveLength(1)
    expect(written).toMatch(/warning\S*: the image: 1 internal snapshots/)
  })
})
