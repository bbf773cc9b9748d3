import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { sha256File } from '../../src/image/file-identity.js'
import { settleLaunch } from '../../src/launch/settle-launch.js'
import { CvmError } from '../../src/model/errors.js'
import type { RunEvent } from '../../src/model/events.js'
import type { LaunchWishes } from '../../src/model/launch.js'
import type { BootHooks, BootProbe, BootSession } from '../../src/stages/boot-hooks.js'
import type { BootTestRequest, BootTestResult } from '../../src/stages/boot-request.js'
import { bootTest } from '../../src/stages/boot-test.js'
import { refusingDisk, type TinyGuest, tinyDisk } from '../fixtures/tiny-guests.js'

let dir: string

beforeAll(async () => {
  // A comma and a space, for every path that is handed on.
  const own = await mkdtemp(join(tmpdir(), 'boot-test-'))
  // As root QEMU runs as another account, which has to get in.
  await chmod(own, 0o755)
  dir = join(own, 'a,b c')
  await mkdir(dir, { mode: 0o755 })
  vi.stubEnv('TMPDIR', own)
})

afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(join(dir, '..'), { recursive: true })
})

interface BootOptions {
  readonly signal?: AbortSignal
  readonly say?: (event: RunEvent) => void
  readonly hooks?: BootHooks
  /** Of the image. */
  readonly name?: string
}

async function boot(
  disk: TinyGuest | Buffer,
  { launch, ...request }: Partial<Omit<BootTestRequest, 'launch'>> & { readonly launch?: LaunchWishes } = {},
  options: BootOptions = {},
): Promise<BootTestResult> {
  const image = join(dir, options.name ?? 'guest.raw')
  await writeFile(image, Buffer.isBuffer(disk) ? disk : tinyDisk(disk))
  const before = { sha256: await sha256File(image), mtime: (await stat(image)).mtimeMs }
  try {
    return await bootTest(
      {
        image,
        accel: 'tcg',
        launch: settleLaunch([{ origin: 'the test', wishes: { memoryMiB: 128, vcpus: 1, ...launch } }]),
        expectations: [],
        limitMin: 1,
        strict: false,
        ...request,
      },
      options.say ?? (() => {}),
      options.signal ?? new AbortController().signal,
      options.hooks,
    )
  } finally {
    expect({ sha256: await sha256File(image), mtime: (await stat(image)).mtimeMs }).toEqual(before)
    expect(await leftovers()).toEqual([])
  }
}

/** What a boot test left in its TMPDIR, which is ours, and the machines that still use something in there. */
async function leftovers(): Promise<readonly string[]> {
  const own = join(dir, '..')
  const left = (await readdir(own)).filter((name) => name !== 'a,b c')
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (/^[^\0]*qemu-system/.test(words) && words.includes(own)) left.push(`process ${pid}`)
  }
  return left
}

/** A guest that prints these lines, as a boot would, and then halts. */
function printing(...lines: readonly string[]): TinyGuest {
  return { prints: `\r\n${lines.join('\r\n')}`, ending: 'hang' }
}

describe('bootTest', () => {
  it('does not start with more CPUs or memory than the machine has', async () => {
    const disk: TinyGuest = { ending: 'power-off' }

    await expect(boot(disk, { launch: { vcpus: 100_000 } })).rejects.toMatchObject({
      code: 'HOST_TOO_SMALL',
      exitCode: 3,
    })
    await expect(boot(disk, { launch: { memoryMiB: 2 ** 24 } })).rejects.toMatchObject({
      code: 'HOST_TOO_SMALL',
      exitCode: 3,
    })
  })

  it('passes a guest that reaches a login prompt, with its milestones', async () => {
    const result = await boot(
      printing(
        'Linux version 6.1.0 (x)',
        '[  OK  ] Reached target multi-user.target - M.',
        'Welcome to Tiny!',
        'tiny login: ',
      ),
    )

    expect(result.verdict).toEqual({ ok: true, reached: 'login' })
    expect(result.milestones.map(({ name, detail }) => [name, detail])).toEqual([
      ['firmware', expect.stringContaining('SeaBIOS')],
      ['kernel', '6.1.0'],
      ['default target', 'multi-user.target'],
      ['init', 'Tiny'],
      ['login', 'tiny'],
    ])
    expect(result.firmware.kind).toBe('bios')
    expect(result.seconds).toBeGreaterThanOrEqual(8)
  })

  it('names failed units, and fails for them only when asked to', async () => {
    const guest = printing('[FAILED] Failed to start x.service - X.', 'tiny login: ')

    const result = await boot(guest, { strict: true })

    expect(result.failedUnits).toEqual(['x.service'])
    expect(result.verdict).toMatchObject({
      ok: false,
      error: { code: 'GUEST_UNITS_FAILED', why: 'x.service', exitCode: 7 },
    })
  })

  it.each([
    ['a kernel panic', printing('[    1.0] Kernel panic - not syncing: no init', ''), 'GUEST_PANICKED'],
    ['emergency mode', printing('You are in emergency mode. After logging in', ''), 'GUEST_EMERGENCY_SHELL'],
    ['the shell of an initramfs', printing('(initramfs) '), 'GUEST_EMERGENCY_SHELL'],
    ['the prompt of grub', printing('grub rescue> '), 'GUEST_BOOT_LOADER_PROMPT'],
    ['a disk without an operating system', refusingDisk(), 'GUEST_NOT_BOOTABLE'],
    ['a power-off before it is up', { prints: '\r\nbye\r\n', ending: 'power-off' } as const, 'GUEST_STOPPED_EARLY'],
    ['a reboot loop', { ending: 'reboot' } as const, 'GUEST_REBOOT_LOOP'],
    ['a triple fault again and again', { ending: 'triple-fault' } as const, 'GUEST_REBOOT_LOOP'],
  ])('recognises %s within seconds', async (_title, guest, code) => {
    const result = await boot(guest)

    expect(result.verdict).toMatchObject({ ok: false, error: { code, exitCode: 7 } })
    expect(result.seconds).toBeLessThan(20)
    expect(result.tail.length).toBeGreaterThan(0)
  })

  it('recognises a disk without an operating system under UEFI', async () => {
    const result = await boot({ ending: 'hang' }, { launch: { firmware: 'uefi' } })

    expect(result.verdict).toMatchObject({ ok: false, error: { code: 'GUEST_NOT_BOOTABLE' } })
    expect(result.firmware).toEqual({ kind: 'uefi', why: 'as asked' })
  })

  it('ends a guest that hangs at the limit, with its last lines', async () => {
    const result = await boot(printing('Linux version 6.1.0 (x)', 'about to hang', ''), { limitMin: 0.05 })

    expect(result.verdict).toMatchObject({ ok: false, error: { code: 'GUEST_TIMED_OUT', exitCode: 124 } })
    expect(result.tail).toContain('about to hang')
  })

  it('holds a flood within bounds and still ends at the limit', async () => {
    const before = process.memoryUsage().rss

    const result = await boot({ prints: '\r\nspam spam spam', ending: 'flood' }, { limitMin: 0.1 })

    expect(result.verdict).toMatchObject({ ok: false, error: { code: 'GUEST_TIMED_OUT' } })
    expect(result.seconds).toBeLessThan(10)
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024)
  })

  it('stops at once when it is aborted, and leaves nothing', async () => {
    const controller = new AbortController()
    const say = (event: RunEvent) => {
      if (event.type === 'guest-time') setTimeout(() => controller.abort(new Error('enough')), 500)
    }

    const started = performance.now()
    await expect(boot({ ending: 'hang' }, {}, { signal: controller.signal, say })).rejects.toThrow('enough')
    expect(performance.now() - started).toBeLessThan(10_000)
  })

  it.each([`it's "a" b.raw`, 'a,b,,c=d.img', '$(touch PWNED) `id`;#.raw', 'line\nend.raw', '-a.raw'])(
    'boots an image named %j',
    async (name) => {
      const result = await boot(printing('Kernel panic - not syncing: x', ''), {}, { name })

      expect(result.verdict).toMatchObject({ error: { code: 'GUEST_PANICKED' } })
    },
  )

  it('says that a kernel is none, with exit 2', async () => {
    const kernel = join(dir, 'not a kernel')
    await writeFile(kernel, Buffer.alloc(8192, 'x'))

    const booting = boot({ ending: 'hang' }, { launch: { kernel }, directBoot: { root: 'x', consoles: ['ttyS0'] } })

    await expect(booting).rejects.toMatchObject({
      code: 'LAUNCH_INVALID',
      exitCode: 2,
      message: expect.stringContaining('is not a kernel'),
    })
    await rm(kernel)
  })

  it('takes the format from the header, whatever the name says', async () => {
    const result = await boot(printing('Kernel panic - not syncing: x', ''), {}, { name: 'guest.qcow2' })

    expect(result.verdict).toMatchObject({ error: { code: 'GUEST_PANICKED' } })
  })

  it('forwards a free port of 127.0.0.1 to port 22, prints it, and keeps it for itself', async () => {
    const said: string[] = []
    const say = (event: RunEvent) => void ('text' in event && said.push(event.text))

    const { launch } = await boot(printing('Kernel panic - not syncing: x', ''), {}, { say })

    const [forward] = launch.network.kind === 'user' ? launch.network.forwards : []
    expect(forward).toMatchObject({ guestPort: 22 })
    expect(said).toContain(`port 22 of the guest: 127.0.0.1:${forward?.hostPort}`)
    expect(said.some((text) => text.includes(`hostfwd=tcp:127.0.0.1:${forward?.hostPort}-:22`))).toBe(true)
  })

  it('holds a good verdict until its probe has the answer, and lets it judge', async () => {
    const heard: Buffer[] = []
    const probe: BootProbe = {
      take: (chunk) => void heard.push(chunk),
      answered: false,
      judge: () => ({ ok: false, error: new CvmError('EXPECTATIONS_NOT_SEEN', 'nothing was heard') }),
    }

    const result = await boot(printing('tiny login: '), { limitMin: 0.25 }, { hooks: { probe } })

    // Without a probe it would have been given after some 8 s.
    expect(result.seconds).toBeGreaterThanOrEqual(14.9)
    expect(result.verdict).toMatchObject({ error: { code: 'EXPECTATIONS_NOT_SEEN' } })
  })

  it('lets the limit decide the verdict of a person at the console, tells them, and leaves the end to them', async () => {
    const told: string[] = []
    let [over, go] = [false, () => {}]
    const session: BootSession = {
      get over() {
        return over
      },
      tell: (text) => {
        told.push(text)
        setTimeout(() => {
          over = true
          go()
        }, 1_500)
      },
      onOver: (act) => {
        go = act
      },
    }

    const started = performance.now()
    const result = await boot(printing('about to hang', ''), { limitMin: 0.05 }, { hooks: { session } })

    expect(told).toEqual(['the limit of 0.05 min is over; the machine runs on until you leave with Ctrl-]'])
    expect(result.verdict).toMatchObject({ ok: false, error: { code: 'GUEST_TIMED_OUT' } })
    expect(result.seconds).toBeLessThan(4)
    expect(performance.now() - started).toBeGreaterThan(4_400)
  })

  it('shows its hooks the layer, every byte of the console, and the end of the machine', async () => {
    const seen: string[] = []
    const bytes: Buffer[] = []
    const hooks: BootHooks = {
      afterDiskPrepared: async ({ path, layout }) => {
        seen.push(`layer ${(await readFile(path)).toString('latin1', 0, 3)} ${layout.table}`)
      },
      onStarted: () => void seen.push('started'),
      onConsole: (console, chunk) => void (console === 'ttyS0' && bytes.push(chunk)),
      close: async () => void seen.push('closed'),
      afterVerdict: async (result) => ({ ...result, restarts: 42 }),
    }

    const { restarts } = await boot(printing('Kernel panic - not syncing: x', ''), {}, { hooks })

    expect(seen).toEqual(['layer QFI mbr', 'started', 'closed'])
    expect(Buffer.concat(bytes).toString('latin1')).toContain('\r\nKernel panic - not syncing: x\r\n')
    expect(restarts).toBe(42)
  })

  it.each([
    ['the image is not there', { image: '/no/such/image' }, 'INPUT_NOT_FOUND', {}],
    ['an expectation is wrong', { expectations: ['unti=x'] }, 'EXPECTATIONS_INVALID', {}],
    ['there is no room for its files', { consoleFile: '/no/such/dir/c' }, 'OUTPUT_UNWRITABLE', {}],
    [
      'the layer cannot be prepared',
      {},
      'no room',
      { afterDiskPrepared: async () => Promise.reject(new Error('no room')) },
    ],
    [
      'the machine starts, and something fails then',
      {},
      'no terminal',
      {
        onStarted: () => {
          throw new Error('no terminal')
        },
      },
    ],
  ] as const)('closes its hooks once when %s', async (_title, request, words, more) => {
    let closed = 0
    const hooks: BootHooks = {
      ...more,
      close: async () => {
        closed += 1
        throw new Error('it cannot be closed either')
      },
    }

    const error = await boot({ ending: 'hang' }, request, { hooks }).catch((thrown: unknown) => thrown)

    expect(error instanceof CvmError ? error.code : String(error)).toContain(words)
    expect(closed).toBe(1)
  })

  it('closes its hooks once when it is aborted', async () => {
    const controller = new AbortController()
    let closed = 0
    const hooks: BootHooks = {
      onStarted: () => controller.abort(new Error('enough')),
      close: async () => {
        closed += 1
      },
    }

    await expect(boot({ ending: 'hang' }, {}, { hooks, signal: controller.signal })).rejects.toThrow('enough')
    expect(closed).toBe(1)
  })

  it("puts QEMU's monitor for people on a private socket, and removes it", async () => {
    const humanMonitor = join(dir, 'monitor')
    let answer = ''
    const hooks: BootHooks = {
      onStarted: () => {
        const client = connect(humanMonitor)
        client.on('data', (chunk) => {
          answer += chunk
        })
        client.on('error', () => {})
        client.write('info name\n')
      },
    }

    await boot({ ending: 'hang' }, { humanMonitor, limitMin: 0.05 }, { hooks })

    expect(answer).toContain('cvm-qemu-test')
    expect(existsSync(humanMonitor)).toBe(false)
  })

  it.skipIf(existsSync('/dev/sev'))(
    'ends at once, with all that is missing, where SEV-SNP guests cannot run',
    async () => {
      const started = performance.now()

      await expect(boot({ ending: 'hang' }, { launch: { tee: 'snp' } })).rejects.toMatchObject({
        code: 'TEE_UNAVAILABLE',
        exitCode: 3,
      })
      expect(performance.now() - started).toBeLessThan(5_000)
    },
  )
})
