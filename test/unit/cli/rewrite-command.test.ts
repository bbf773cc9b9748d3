import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { rewriteCommand, VERSION } from '../../../src/cli/rewrite-command.js'

/** The options as they are understood; throws what commander throws. */
function parsed(...args: readonly string[]): Record<string, unknown> {
  let chosen = false
  const command = rewriteCommand(() => {
    chosen = true
  })
  command.parse(['node', 'cvm-rewrite', ...args])
  expect(chosen).toBe(true)
  return command.opts()
}

describe('the command line', () => {
  it('has these values when nothing is given', () => {
    expect(parsed('-i', 'x')).toEqual({
      input: 'x',
      output: 'output.qcow2',
      console: true,
      skip: [],
      only: [],
      accel: 'auto',
      firmware: 'auto',
      schema: true,
    })
  })

  it.each([
    [['-ix', '-t6'], { input: 'x', time: 6 }],
    [['--input=x', '--time=35791'], { input: 'x', time: 35_791 }],
    [['-i', 'x', '-i', 'y'], { input: 'y' }],
    [['-i', '-x'], { input: '-x' }],
    [['-n', '-i', 'x'], { console: false }],
    [['--skip', 'a', '--skip', 'b', '--only', 'c'], { skip: ['a', 'b'], only: ['c'] }],
    [['--memory', '2G', '--vcpus', '3'], { memory: 2048, vcpus: 3 }],
    [
      ['-f', '-q', '--strict', '--keep-failed', '--json', '--dry-run'],
      { force: true, quiet: true, strict: true, json: true },
    ],
  ])('understands %j', (args, options) => {
    expect(parsed(...args)).toMatchObject(options)
  })

  it.each([
    ...['abc', '0', '-5', '2.5', '6m', '40000', '', '1e3', ' 6', '0x6', '99999999999999999999'].map((time) => [
      '-t',
      time,
    ]),
    ['--memory', '2'],
    ['--memory', '1M'],
    ['--vcpus', '0'],
    ['--accel', 'fast'],
    ['--firmware', 'BIOS'],
    ['--nonsense'],
    ['extra'],
    ['-q', '-v'],
    ['-i'],
  ])('refuses %s %s', (...args) => {
    expect(() => parsed(...args)).toThrow()
  })

  it('leaves the options of a subcommand to it', () => {
    const command = rewriteCommand(() => {})
    command.parse(['node', 'cvm-rewrite', 'plugin', 'list', '--json', '--plugins', 'd'])

    expect(command.opts()).not.toHaveProperty('json')
    expect(command.opts()).not.toHaveProperty('plugins')
  })

  it("knows the package's version", () => {
    expect(VERSION).toBe(JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')).version)
  })
})
