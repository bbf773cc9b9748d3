import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyEdits } from '../../src/firmware/edit-variables.js'
import { contentsBytes, lintContents, readContents, withVariables } from '../../src/firmware/firmware-contents.js'
import { findVariable } from '../../src/firmware/named-variable.js'
import type { StoredVariable } from '../../src/firmware/store-types.js'
import { runTool } from '../../src/host/run-tool.js'

const CODE = '/usr/share/OVMF/OVMF_CODE_4M.fd'
const VARS = '/usr/share/OVMF/OVMF_VARS_4M.fd'
const SINGLE = '/usr/share/ovmf/OVMF.fd'
const GUID = '01234567-89ab-cdef-0123-456789abcdef'

let dir: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'firmware-store-'))
  await mkdir(join(dir, 'disk'))
  // The shell of the firmware runs this from the first disk that it finds, and the machine ends.
  await writeFile(
    join(dir, 'disk/startup.nsh'),
    `dmpstore CvmOne -guid ${GUID}\r\ndmpstore CvmTwo -guid ${GUID}\r\nreset -s\r\n`,
  )
})

afterAll(async () => await rm(dir, { recursive: true }))

function ours(name: string, text: string): StoredVariable {
  return { name, guid: GUID, attributes: 7, data: Buffer.from(text) }
}

/** A firmware file with two variables of ours: one set, one set and replaced by another value. */
async function edited(file: string): Promise<Buffer> {
  const contents = readContents(await readFile(file))
  const edits = [ours('CvmOne', 'first words'), ours('CvmTwo', 'old'), ours('CvmTwo', 'second words')]
  const variables = applyEdits(
    contents.variables,
    edits.map((variable) => ({ kind: 'set', variable })),
  )
  return contentsBytes(withVariables(contents, variables))
}

/** What the machine wrote to its serial port, without the commands of terminals. */
async function boot(firmware: readonly string[]): Promise<string> {
  const machine = ['-machine', 'q35,accel=tcg', '-m', '256', '-nodefaults', '-display', 'none', '-no-reboot']
  const disk = ['-drive', `if=virtio,format=raw,readonly=on,file=fat:${join(dir, 'disk')}`]
  const call = { tool: 'qemu-system-x86_64', args: [...machine, '-serial', 'stdio', ...firmware, ...disk] }
  const result = await runTool(call, { timeoutMs: 100_000 })
  expect(result.exitCode, result.stderr).toBe(0)
  return result.stdout.replace(/\x1b\[[0-9;=?]*[a-z]/gi, '')
}

describe.skipIf(!existsSync(CODE) || !existsSync(SINGLE))('an edited variable store in a real firmware', () => {
  it('is taken from a flash, and the firmware goes on writing into it', async () => {
    const vars = join(dir, 'vars.fd')
    await writeFile(vars, await edited(VARS))

    const words = await boot([
      ...['-drive', `if=pflash,format=raw,readonly=on,file=${CODE}`],
      ...['-drive', `if=pflash,format=raw,file=${vars}`],
    ])

    expect(words).toMatch(/CvmOne.*first words.*CvmTwo.*second words/s)
    const after = readContents(await readFile(vars))
    expect(lintContents(after)).toEqual([])
    expect(findVariable(after.variables, { name: 'CvmTwo', guid: GUID })?.data.toString()).toBe('second words')
    expect(after.variables.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['BootOrder', 'PlatformLang', 'MTC']),
    )
  })

  it('is taken from a firmware in a single file', async () => {
    const firmware = join(dir, 'OVMF.fd')
    await writeFile(firmware, await edited(SINGLE))

    const words = await boot(['-bios', firmware])

    expect(words).toMatch(/CvmOne.*first words.*CvmTwo.*second words/s)
  })
})
