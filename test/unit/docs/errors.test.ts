import { describe, it } from 'vitest'
import { ERRORS } from '../../../src/model/error-table.js'
import { EXIT, type ExitClass } from '../../../src/model/exit.js'
import { EXIT_WORDS } from './exit-words.js'
import { expectBlock } from './marked-block.js'

describe('docs/errors.md', () => {
  it('has every error code with its exit code, meaning and next step', () => {
    const sections = (Object.keys(EXIT) as ExitClass[]).map(section).filter((text) => text !== '')

    expectBlock('docs/errors.md', 'errors', sections.join('\n'))
  })
})

function section(exit: ExitClass): string {
  const entries = Object.entries(ERRORS).filter(([, entry]) => entry.exit === exit)
  if (entries.length === 0) return ''
  const texts = entries.map(([code, { meaning, next }]) => `\n### ${code}\n\n${meaning}\n\nNext: ${next}\n`)
  return `## Exit code ${EXIT[exit]}: ${EXIT_WORDS[exit]}\n${texts.join('')}`
}
