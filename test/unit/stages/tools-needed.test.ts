import { describe, expect, it } from 'vitest'
import { aptLine, missingToolsError, TOOLS } from '../../../src/stages/tools-needed.js'

describe('missingToolsError', () => {
  it('names every program, its package and one line that installs them all', () => {
    const error = missingToolsError(TOOLS)

    expect(error.exitCode).toBe(3)
    for (const { tool, package: name } of TOOLS) {
      expect(error.message).toContain(tool)
      expect(error.next).toContain(` ${name}`)
    }
  })
})

describe('aptLine', () => {
  it('names each package once, in order', () => {
    expect(aptLine(['b', 'a', 'b'])).toBe('apt-get install --no-install-recommends a b')
  })
})
