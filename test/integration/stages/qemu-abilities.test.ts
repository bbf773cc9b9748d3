import { describe, expect, it } from 'vitest'
import { runTool } from '../../../src/host/run-tool.js'
import { askQemu } from '../../../src/stages/qemu-abilities.js'
import { qemuTdxObjectionCall } from '../../../src/tools/qemu-system.js'

describe('askQemu', () => {
  it('learns from the installed QEMU', async () => {
    const abilities = await askQemu()

    expect(abilities.version).toMatch(/^\d+\.\d+/)
    // QEMU 7.2, what Debian 12 has, knows neither kind.
    if (abilities.version?.startsWith('7.2') === true) expect(abilities).toMatchObject({ tdx: undefined, snp: false })
  })

  it('asks for something that no QEMU makes a machine of', async () => {
    const result = await runTool(qemuTdxObjectionCall(), { timeoutMs: 20_000 })

    expect(result.exitCode).toBe(1)
    expect(result.stderr).toMatch(/does not accept value 'tdx-guest'|'quote-generation-socket'/)
  })

  it('relies on how QEMU objects to a wrong type: the same way for an object that this one knows', async () => {
    const wrong = '{"qom-type":"sev-guest","id":"question","sev-device":1}'
    const result = await runTool({ tool: 'qemu-system-x86_64', args: ['-object', wrong] }, { timeoutMs: 20_000 })

    expect(result.stderr).toContain("Invalid parameter type for 'sev-device'")
  })
})
