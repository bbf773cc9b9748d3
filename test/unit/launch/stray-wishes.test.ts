import { describe, expect, it } from 'vitest'
import { settleLaunch } from '../../../src/launch/settle-launch.js'
import { assertNoStrayWishes } from '../../../src/launch/stray-wishes.js'
import type { LaunchWishes } from '../../../src/model/launch.js'

function check(tee: LaunchWishes['tee'], fromFile: LaunchWishes, fromFlag: LaunchWishes): void {
  const layers = [
    { origin: 'launch.yaml', wishes: { ...fromFile, ...(tee === undefined ? {} : { tee }) } },
    { origin: '--flag', wishes: fromFlag },
  ]
  assertNoStrayWishes(settleLaunch(layers), new Set(['--flag']))
}

describe('wishes for another kind of confidential guest', () => {
  it('are refused from a flag, with the kind that they are for', () => {
    expect(() => check(undefined, {}, { mrowner: 'ab' })).toThrow('--flag is for TDX guests')
    expect(() => check('snp', {}, { debug: true })).toThrow('--flag is for TDX guests')
    expect(() => check('tdx', {}, { hostData: 'ab' })).toThrow('--flag is for SEV-SNP guests')
  })

  it('are fine in a launch file, which may serve several kinds', () => {
    expect(() => check('tdx', { hostData: 'ab', mrowner: 'cd' }, {})).not.toThrow()
    expect(() => check('none', { hostData: 'ab', mrowner: 'cd' }, {})).not.toThrow()
  })

  it('are fine for the kind that is started', () => {
    expect(() => check('tdx', {}, { mrowner: 'ab', quoteService: { kind: 'unix', path: '/x' } })).not.toThrow()
    expect(() => check('snp', {}, { hostData: 'ab' })).not.toThrow()
  })
})
