import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { Cleanup } from '../../../src/host/cleanup.js'
import { runTool } from '../../../src/host/run-tool.js'
import { makeScratch } from '../../../src/host/scratch.js'
import { qemuArguments } from '../../../src/launch/qemu-arguments.js'
import { startScript } from '../../../src/launch/start-script.js'
import type { LaunchConfig } from '../../../src/model/launch.js'
import { sample } from '../../fixtures/launch/samples.js'

const FAKE_QEMU = fileURLToPath(new URL('../../fixtures/launch/fake-qemu.sh', import.meta.url))
const cleanup = new Cleanup()
afterAll(async () => await cleanup[Symbol.asyncDispose]())

let dir = ''
let images = ''
let plain: LaunchConfig
beforeEach(async () => {
  dir = cleanup.use(await makeScratch('/tmp', 'ss', 0o700)).path
  images = join(dir, "it's; $(touch pwned) `x`, {}")
  await mkdir(images)
  await mkdir(join(dir, 'tmp, with a comma'))
  await writeFile(join(images, 'disk.qcow2'), 'disk')
  await writeFile(join(images, 'template.fd'), 'as delivered')
  await writeFile(join(images, 'code.fd'), 'code')
  const disk = { path: join(images, 'disk.qcow2'), format: 'qcow2', readOnly: false, throwAway: false } as const
  plain = { ...sample('plain-bios'), disks: [disk] }
})

interface Ending {
  readonly exitCode: number | undefined
  readonly stderr: string
  /** What QEMU got; undefined when it was not started. */
  readonly args: readonly string[] | undefined
}

async function run(
  config: LaunchConfig,
  more: { args?: string[]; ending?: string; signal?: NodeJS.Signals; bin?: string } = {},
): Promise<Ending> {
  const script = join(dir, 'start.sh')
  const record = join(dir, 'record')
  await writeFile(script, startScript(config, 'upstream'))
  const path = more.bin === undefined ? {} : { PATH: `${more.bin}:${process.env['PATH']}` }
  const env = {
    ...path,
    QEMU: FAKE_QEMU,
    RECORD: record,
    TMPDIR: join(dir, 'tmp, with a comma'),
    ENDING: more.ending ?? '0',
  }
  const result = await runTool(
    { tool: 'sh', args: [script, ...(more.args ?? [])], env, cwd: dir },
    {
      timeoutMs: 30_000,
      ...(more.signal === undefined ? {} : { onStart: (pid) => void signalWhenStarted(pid, record, more.signal) }),
    },
  )
  const args = existsSync(record) ? readFileSync(record, 'utf8').split('\0').slice(0, -1) : undefined
  return { exitCode: result.exitCode, stderr: result.stderr, args }
}

/** Command lines of processes that were started in a directory below this one, or with it among their arguments. */
function processesIn(place: string): readonly string[] {
  return readdirSync('/proc')
    .filter((pid) => /^[0-9]+$/.test(pid))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        return line.includes(place) || readlinkSync(`/proc/${pid}/cwd`).startsWith(place) ? [line] : []
      } catch {
        // It ended meanwhile.
        return []
      }
    })
}

async function signalWhenStarted(pid: number, record: string, signal: NodeJS.Signals | undefined): Promise<void> {
  for (let tries = 0; tries < 200 && !existsSync(record); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  process.kill(pid, signal)
}

describe('the start script', () => {
  it('starts QEMU with exactly the arguments of the machine, whatever its paths hold', async () => {
    const config = {
      ...plain,
      directBoot: { kernel: join(images, 'disk.qcow2'), cmdline: `a="b c" $HOME 'x' \\ \n end` },
    }

    const { exitCode, stderr, args } = await run(config)

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(args).toEqual(qemuArguments(config, { kind: 'terminal' }))
    expect(existsSync(join(dir, 'pwned'))).toBe(false)
  })

  it('leaves nothing behind and passes on how QEMU ended', async () => {
    expect((await run(plain, { ending: '7' })).exitCode).toBe(7)

    expect(readdirSync(join(dir, 'tmp, with a comma'))).toEqual([])
  })

  it('gives the guest a copy of the UEFI variables, which it finds again at its next start', async () => {
    const vars = join(images, 'template.fd')
    const firmware = { kind: 'uefi', code: join(images, 'code.fd'), vars, format: 'raw', smm: false } as const

    const first = await run({ ...plain, firmware })
    const kept = join(images, 'plain.vars.fd')
    expect(readFileSync(kept, 'utf8')).toBe('as delivered')
    await writeFile(kept, 'written by the guest')
    const second = await run({ ...plain, firmware })

    const option = `if=pflash,unit=1,format=raw,file=${kept.replaceAll(',', ',,')}`
    expect(first.args).toContain(option)
    expect(second.args).toContain(option)
    expect(readFileSync(kept, 'utf8')).toBe('written by the guest')
    expect(readFileSync(vars, 'utf8')).toBe('as delivered')
    expect(readdirSync(images).sort()).toEqual(['code.fd', 'disk.qcow2', 'plain.vars.fd', 'template.fd'])
  })

  it('leaves no half copy of them behind on a full disk', async () => {
    const [code, vars] = [join(images, 'code.fd'), join(images, 'template.fd')]
    const firmware = { kind: 'uefi', code, vars, format: 'raw', smm: false } as const
    const bin = join(dir, 'bin')
    await mkdir(bin)
    await writeFile(join(bin, 'cp'), '#!/bin/sh\necho half > "$3"\nexit 1\n', { mode: 0o755 })

    const { exitCode, args } = await run({ ...plain, firmware }, { bin })

    expect({ exitCode, args }).toEqual({ exitCode: 1, args: undefined })
    expect(readdirSync(images).sort()).toEqual(['code.fd', 'disk.qcow2', 'template.fd'])
  })

  it('keeps them in another directory when one is given, by a path from where it is started', async () => {
    const vars = join(images, 'template.fd')
    const firmware = { kind: 'uefi', code: join(images, 'code.fd'), vars, format: 'raw', smm: false } as const
    await mkdir(join(dir, 'nbd:kept'))

    const { args } = await run({ ...plain, firmware }, { args: ['nbd:kept'] })

    expect(args).toContain(`if=pflash,unit=1,format=raw,file=${join(dir, 'nbd:kept', 'plain.vars.fd')}`)
  })

  it('starts a TPM for QEMU, and ends it with it', async () => {
    const { exitCode, stderr, args } = await run({ ...plain, tpm: true }, { ending: 'never', signal: 'SIGTERM' })

    expect({ exitCode, stderr }).toEqual({ exitCode: 143, stderr: '' })
    expect(args?.find((each) => each.startsWith('socket,id=tpm,path='))).toMatch(/tmp,, with a comma.*\/tpm\.sock$/)
    expect(readdirSync(join(dir, 'tmp, with a comma'))).toEqual([])
    expect(processesIn(dir)).toEqual([])
  })

  it('names what is missing before it starts anything', async () => {
    const disk = { path: join(images, 'gone.qcow2'), format: 'qcow2', readOnly: false, throwAway: false } as const

    const { exitCode, stderr, args } = await run({ ...plain, disks: [disk] })

    expect({ exitCode, args }).toEqual({ exitCode: 3, args: undefined })
    expect(stderr).toContain(`cannot read ${disk.path}`)
  })

  it('refuses to start a confidential guest on a host that makes none', async () => {
    await copyFile(join(images, 'code.fd'), join(images, 'rom.fd'))
    const firmware = { kind: 'rom', path: join(images, 'rom.fd') } as const

    for (const name of ['tdx-smallest', 'snp-smallest'] as const) {
      const { exitCode, stderr, args } = await run({ ...sample(name), disks: plain.disks, firmware })

      expect({ exitCode, args }).toEqual({ exitCode: 3, args: undefined })
      expect(stderr).toMatch(/this host has no KVM|KVM of this host makes no (TDX|SEV-SNP) guests/)
    }
  })

  it('has nothing that shellcheck objects to', async () => {
    const path = join(dir, 'checked.sh')
    await writeFile(
      path,
      startScript({ ...plain, directBoot: { kernel: '/k', cmdline: '$(x) `y` "z" ~ *' } }, 'upstream'),
    )

    expect((await runTool({ tool: 'shellcheck', args: [path] })).stdout).toBe('')
  })
})
