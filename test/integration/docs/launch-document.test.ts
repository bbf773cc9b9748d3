import { existsSync, readFileSync } from 'node:fs'
import { copyFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { unprivilegedAccount } from '../../../src/host/accounts.js'
import { Cleanup } from '../../../src/host/cleanup.js'
import { startJanitor } from '../../../src/host/janitor.js'
import { startPrivateLibvirt } from '../../../src/host/private-libvirt.js'
import { makeScratch } from '../../../src/host/scratch.js'
import { LAUNCH_KEYS, LAUNCH_PATHS } from '../../../src/model/launch-keys.js'
import { aBench, type Bench } from '../cli/rewrite-bench.js'
import { runCli } from '../cli/run-cli.js'

const TEXT = readFileSync(fileURLToPath(new URL('../../../docs/launch.md', import.meta.url)), 'utf8')
const blocks = (language: string) =>
  [...TEXT.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, block = '']) => block)
const COMMANDS = blocks('sh').flatMap((block) => block.trim().split('\n'))

describe('docs/launch.md', () => {
  const cleanup = new Cleanup()
  let bench: Bench
  let libvirt = ''

  beforeAll(async () => {
    bench = cleanup.use(await aBench())
    await copyFile(bench.at('guest.qcow2'), bench.at('output.qcow2'))
    await writeFile(bench.at('launch.yaml'), blocks('yaml')[0] ?? '')
    await writeFile(bench.at('config.json'), '{"a": 1}')
    await writeFile(bench.at('owner.pem'), OWNER_KEY)
    const account = await unprivilegedAccount()
    const scratch = cleanup.use(await makeScratch('/tmp', 'ld', 0o755))
    const janitor = startJanitor()
    cleanup.defer(async () => await janitor.done())
    const cacheDir = join(homedir(), '.cache', 'cvm-image-rewriter', 'libvirt')
    const { env } = cleanup.use(await startPrivateLibvirt({ scratchDir: scratch.path, cacheDir, account, janitor }))
    const sockets = join(env['XDG_RUNTIME_DIR'] ?? '', 'libvirt')
    const socket = ['libvirt-sock', 'virtqemud-sock']
      .map((name) => join(sockets, name))
      .find((path) => existsSync(path))
    libvirt = `qemu+unix:///session?socket=${encodeURI(socket ?? '')}`
  }, 60_000)
  afterAll(async () => await cleanup[Symbol.asyncDispose]())

  it('shows commands', () => {
    expect(COMMANDS.length).toBeGreaterThan(5)
    expect(COMMANDS.every((command) => command.startsWith('cvm-rewrite '))).toBe(true)
  })

  it('shows commands that work, one after the other', async () => {
    for (const command of COMMANDS) {
      const words = command
        .replace(/ > \S+$/, '')
        .split(' ')
        .slice(1)
      const isLaunch = words[0] === 'launch'
      const more = words.includes('--define') ? ['-s', libvirt] : []
      const { code, stdout, stderr } = isLaunch
        ? await runCli(bench.dir, [...words, ...more])
        : await bench.run(words.filter((word) => !['-i', 'guest.qcow2'].includes(word)))

      expect({ command, code, stderr: code === 0 ? '' : stderr }).toEqual({ command, code: 0, stderr: '' })
      expect(stdout, command).not.toBe('')
    }
  }, 120_000)

  it('names every key', () => {
    const missing = LAUNCH_KEYS.map((key) => LAUNCH_PATHS[key].split('.').at(-1) ?? '').filter(
      (name) => !new RegExp(`\`(?:[a-z-]+\\.)*${name}\``).test(TEXT),
    )

    expect(missing).toEqual([])
  })
})

/** Made for this test: openssl ecparam -name prime256v1 -genkey -noout | openssl ec -pubout */
const OWNER_KEY = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEASEOOsuwo5xFBN7V7Jk2yWqNDYjT
gqftS0iwutMv/MRh7fEtGgixFn3yS43fdrHf6EPo7eHK8ZeXu9UMn/vg7A==
-----END PUBLIC KEY-----
`
