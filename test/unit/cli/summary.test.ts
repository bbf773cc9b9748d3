import { describe, expect, it } from 'vitest'
import { summaryText } from '../../../src/cli/summary.js'
import type { RewriteReport } from '../../../src/model/report.js'
import { rewriteReport } from '../../../src/stages/report.js'
import { aPlan, aPlugin } from '../../fixtures/builders.js'

function aReport(path: string): RewriteReport {
  return rewriteReport({
    plan: aPlan({ plugins: [aPlugin(), aPlugin({ name: '20-b', skipped: '--skip' })] }),
    toolVersion: '1',
    tools: {},
    seconds: 61,
    inputSha256: '',
    output: { path, sha256: 'f'.repeat(64), sizeBytes: 3 * 2 ** 20, virtualSizeBytes: 2 ** 31 },
    steps: [{ step: 'guest', seconds: 58.2 }],
    parts: [],
    checks: [{ name: 'image', ok: true, detail: 'no \u001b[31merrors' }],
    warnings: ['w'],
  })
}

describe('summaryText', () => {
  it('says what ran, what was skipped, where all is and what to type next', () => {
    const text = summaryText(aReport('/out/output.qcow2'), '/out/output.report.json', false)

    expect(text).toMatch(/ran +10-hello\n/)
    expect(text).toMatch(/skipped +20-b \(--skip\)\n/)
    expect(text).toMatch(/seconds +61\.0 \(guest 58\.2\)\n/)
    expect(text).toMatch(/output +\/out\/output\.qcow2 \(3 MiB\)\n/)
    expect(text).toMatch(/checked +image: no errors\n/)
    expect(text.endsWith('\n\nnext: cvm-qemu-test -i /out/output.qcow2\n')).toBe(true)
  })

  it('gives a next command that can be pasted, whatever the path', () => {
    expect(summaryText(aReport("/my out/it's.qcow2"), '', false)).toContain("-i '/my out/it'\\''s.qcow2'\n")
  })

  it('is the path alone when it is to be quiet', () => {
    expect(summaryText(aReport('/out/output.qcow2'), '', true)).toBe('/out/output.qcow2\n')
  })
})
