import { describe, it } from 'vitest'
import { launchJson } from '../../../src/launch/launch-json.js'
import { startScript } from '../../../src/launch/start-script.js'
import { expectGolden } from '../../fixtures/launch/golden.js'
import { SAMPLE_NAMES, sample } from '../../fixtures/launch/samples.js'

describe('the start script', () => {
  it.each(SAMPLE_NAMES)('of %s is the one in its golden file', (name) => {
    expectGolden(`${name}.sh`, startScript(sample(name), 'upstream'))
  })

  it('of a TD is written for the forks, too', () => {
    expectGolden('tdx-full.fork.sh', startScript(sample('tdx-full'), 'fork'))
  })
})

describe('the JSON', () => {
  it.each(SAMPLE_NAMES)('of %s is the one in its golden file', (name) => {
    expectGolden(`${name}.json`, launchJson(sample(name)))
  })
})
