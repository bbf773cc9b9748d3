import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ExpectationFinding } from '../../src/model/expectation.js'
import { demoGuest, TRIXIE_UEFI } from './guests.js'
import { type ProgramResult, program } from './run-program.js'

const NO_DIGEST = '0'.repeat(64)

/** The guest was made without host keys: with one its SSH server starts. */
const BEFORE = `
commands:
  - { run: ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key, seconds: 120 }
  - { run: systemctl reset-failed ssh.service && systemctl restart ssh.service, seconds: 120 }
`

const IN_A_FILE = `
kernel-cmdline: { has: [console=ttyS0], lacks: [no-such-word] }
secure-boot: off
tpm: { sha256:0: present, sha384:7: present }
files:
  /etc/passwd: { contains: 'root:x:0:0:', matches: '^daemon:', mode: '0644', owner: root, group: root }
  /etc/nothing: absent
packages: { openssh-server: installed, telnetd: absent }
units: { ssh.service: active, rescue.service: inactive, nothing.service: absent }
users: { root: { groups: [root] }, mallory: absent }
ports: { 22: open, 23: closed }
commands: [ test -e /dev/vda, { run: exit 3, exits: 3 } ]
machine-id: { differs-from: '0123456789abcdef0123456789abcdef' }
`

/** What fails, with what is named as expected and what as seen. */
const FAILING: readonly (readonly [string, string, RegExp])[] = [
  ['cmdline=console=ttyS9', 'has console=ttyS9', /console=ttyS0/],
  ['cmdline!=console=ttyS0', 'lacks console=ttyS0', /console=ttyS0/],
  ['secure-boot=on', 'on', /^off/],
  ['tpm=absent', 'absent', /^present$/],
  [`pcr:sha256:0=${NO_DIGEST}`, NO_DIGEST, /^[0-9a-f]{64}$/],
  ['file:/etc/nothing=present', 'present', /^absent$/],
  ['file:/etc/passwd=absent', 'absent', /^a regular file$/],
  ['file:/etc/passwd~mallory', 'contains "mallory"', /root:x:0:0:/],
  ['text:/etc/hostname=other', 'the text "other"', /^"/],
  ['matches:/etc/passwd=^mallory', 'matches ^mallory', /root:x:0:0:/],
  [`sha256:/etc/passwd=${NO_DIGEST}`, NO_DIGEST, /^[0-9a-f]{64}$/],
  ['mode:/etc/shadow=0644', 'mode 0644', /^mode 0640$/],
  ['owner:/etc/passwd=daemon', 'owner daemon', /^owner root$/],
  ['group:/etc/passwd=daemon', 'group daemon', /^group root$/],
  ['package=telnetd', 'installed', /^absent$/],
  ['package:openssh-server=0.1', '0.1', /^1:\d/],
  ['unit=nothing.service', 'active', /^absent$/],
  ['unit:ssh.service=masked', 'masked', /^active, enabled$/],
  ['failed-units=none', 'none', /made-to-fail\.service/],
  ['user=mallory', 'present', /^absent$/],
  ['user:root=daemon', 'in daemon', /^in root$/],
  ['port=23', 'open', /^closed$/],
  ['port!=22', 'closed', /^open$/],
  ['command=echo told; exit 4', 'exit code 0', /^exit code 4: told$/],
  ['command!=true', 'exit code other than 0', /^exit code 0$/],
]

// One boot, shared between the tests.
describe('a real guest, of which things are expected', () => {
  let dir: string
  let image: string
  let digest: string
  let result: ProgramResult
  let report: { readonly error: { readonly code: string; readonly lines: readonly string[] } }
  let findings: readonly ExpectationFinding[]

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'cvm-e2e-expect-'))
    image = await demoGuest(TRIXIE_UEFI)
    digest = await digestOf(image)
    await writeFile(join(dir, 'before.yaml'), BEFORE)
    await writeFile(join(dir, 'expect.yaml'), IN_A_FILE)
    // A unit that fails, for what is expected of failed units.
    const makesFailure = 'command!=systemd-run --wait --unit=made-to-fail false'
    const words = ['before.yaml', 'expect.yaml', makesFailure, ...FAILING.map(([word]) => word)]
    const args = ['-i', image, '--tpm', '--timeout', '15', '--json', ...words.flatMap((word) => ['--expect', word])]
    result = await program('qemu-test', args, { cwd: dir })
    const told = JSON.parse(result.stdout)
    report = told
    findings = told.expectations ?? []
  })
  afterAll(() => rm(dir, { recursive: true, force: true }))

  it('fails with exit code 7', () => {
    expect([result.code, report.error.code]).toEqual([7, 'EXPECTATION_FAILED'])
  })

  it('passes everything that is so', () => {
    const passing = findings.slice(0, -FAILING.length)

    expect(passing.length).toBeGreaterThan(20)
    expect(passing.filter(({ ok }) => !ok)).toEqual([])
  })

  it('fails everything that is not so, and names what was expected and what was seen', () => {
    const failing = findings.slice(-FAILING.length)

    expect(
      failing.map(({ ok, expected, seen }, index) => [ok, expected, FAILING[index]?.[2].test(seen) === true || seen]),
    ).toEqual(FAILING.map(([, expected]) => [false, expected, true]))
    expect(report.error.lines).toEqual(
      failing.map(({ what, expected, seen }) => `${what}: expected ${expected}; seen: ${seen}`),
    )
  })

  it('leaves the image as it was', async () => {
    expect(await digestOf(image)).toBe(digest)
  })
})

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
