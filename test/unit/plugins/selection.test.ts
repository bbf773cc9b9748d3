import { describe, expect, it } from 'vitest'
import { CvmError } from '../../../src/model/errors.js'
import { choosePlugins } from '../../../src/plugins/selection.js'

const found = [
  { name: '01-resize-image', stage: 'pre-stage', notRun: false },
  { name: '03-netplan', stage: 'pre-stage', notRun: false },
  { name: '98-ima', stage: 'pre-stage', notRun: true },
  { name: '10-seal', stage: 'post-stage', notRun: false },
] as const

function reasons(skip: string[], only: string[] = []) {
  return choosePlugins(found, { skip, only }).map((reason) => reason ?? 'runs')
}

describe('choosePlugins', () => {
  it('runs all but those with NOT_RUN when nothing is asked', () => {
    expect(reasons([])).toEqual(['runs', 'runs', 'NOT_RUN', 'runs'])
  })

  it.each(['03-netplan', '03', '3', 'netplan'])('skips the plugin that --skip %s means', (typed) => {
    expect(reasons([typed])).toEqual(['runs', '--skip', 'NOT_RUN', 'runs'])
  })

  it('keeps with --only just the named ones of the pre-stage, and all of the post-stage', () => {
    expect(reasons([], ['netplan'])).toEqual(['--only', 'runs', 'NOT_RUN', 'runs'])
  })

  it('skips a post-stage plugin by its name', () => {
    expect(reasons(['10-seal'])).toEqual(['runs', 'runs', 'NOT_RUN', '--skip'])
    expect(reasons(['seal'])).toEqual(['runs', 'runs', 'NOT_RUN', '--skip'])
  })

  it('never takes a bare number for a plugin of the post-stage, which seals the image', () => {
    expect(() => reasons(['10'])).toThrow(expect.objectContaining({ why: expect.stringContaining('10-seal') }))
  })

  it('says of NOT_RUN even when --skip names the plugin too', () => {
    expect(reasons(['98'])[2]).toBe('NOT_RUN')
  })

  it('refuses unknown names, all at once, and says which was probably meant', () => {
    try {
      reasons(['netplna', 'zzzzzzzzzz'])
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(CvmError)
      expect(error).toMatchObject({ code: 'PLUGIN_UNKNOWN', message: expect.stringContaining('netplna, zzzzzzzzzz') })
      expect(error).toMatchObject({ why: expect.stringContaining('did you mean 03-netplan?') })
    }
    expect(() => reasons([], ['nope'])).toThrow(CvmError)
  })
})
