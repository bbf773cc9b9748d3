import { describe, expect, it } from 'vitest'
import { lintAnswer } from '../../../src/cli/lint-formats.js'
import type { LintFinding } from '../../../src/model/lint.js'

const FINDING: LintFinding = {
  severity: 'problem',
  code: 'USER_DATA_INVALID',
  file: '/w/pre-stage/10-a/a,b:c.yaml',
  line: 3,
  column: 7,
  plugin: '10-a',
  text: '50% wrong\r\n::error::forged',
  hint: 'Mend it.',
}

function answer(format: 'text' | 'json' | 'github', ...findings: readonly LintFinding[]): string {
  return lintAnswer({ findings, checked: 1, skipped: 0 }, format, '/w')
}

describe('what plugin lint prints', () => {
  it('is one workflow command a finding for GitHub, in which nothing of a plugin can start another one', () => {
    expect(answer('github', FINDING).split('\n')).toEqual([
      '::error file=pre-stage/10-a/a%2Cb%3Ac.yaml,line=3,col=7,title=USER_DATA_INVALID::50%25 wrong%0D%0A::error::forged%0AMend it.',
      '1 plugin checked: 1 problem, 0 warnings, 0 notes',
      '',
    ])
  })

  it('is a warning or a notice for GitHub where no run would be refused, and has no place where there is none', () => {
    const { file, line, column, plugin, ...everywhere } = FINDING

    expect(answer('github', { ...everywhere, severity: 'warning', text: 'x' })).toMatch(/^::warning title=USER_/)
    expect(answer('github', { ...everywhere, severity: 'note', text: 'x' })).toMatch(/^::notice title=USER_/)
  })

  it('names place, code, sentence and hint for people, each finding in two lines', () => {
    expect(answer('text', FINDING).split('\n').slice(0, 2)).toEqual([
      'pre-stage/10-a/a,b:c.yaml:3:7: problem[USER_DATA_INVALID] 50% wrong ::error::forged',
      '  hint: Mend it.',
    ])
  })

  it('is one JSON object for programs', () => {
    expect(JSON.parse(answer('json', FINDING))).toEqual({
      ok: false,
      checked: 1,
      skipped: 0,
      findings: [{ ...FINDING, file: 'pre-stage/10-a/a,b:c.yaml' }],
    })
  })
})
