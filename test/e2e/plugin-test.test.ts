import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { GuestChanges } from '../../src/model/guest-changes.js'
import { program } from './run-program.js'

/** One boot, and one more when this version of the guest scripts has not yet been compared with. */
describe('plugin test on a real guest', () => {
  let dir: string
  let changes: GuestChanges
  let notes: readonly string[]

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'cvm-e2e-plugin-'))
    const plugin = join(dir, 'pre-stage', '20-hello')
    for (const [path, text] of Object.entries(PLUGIN)) {
      await mkdir(dirname(join(plugin, path)), { recursive: true })
      await writeFile(join(plugin, path), text)
    }
    const run = await program('rewrite', ['plugin', 'test', 'hello', '--json', '-t', '15'], { cwd: dir })
    process.stderr.write(`plugin test: ${run.seconds.toFixed(0)} s\n`)
    expect(run.code, run.stderr + run.stdout).toBe(0)
    const answer = JSON.parse(run.stdout)
    changes = answer.changes
    notes = answer.notes
  })
  afterAll(() => rm(dir, { recursive: true, force: true }))

  it('shows the files that the plugin adds and changes, and no other', () => {
    const own = changes.files.filter(({ partOf }) => partOf === undefined)

    expect(own.map(({ change, path, different }) => [change, path, ...different].join(' '))).toEqual([
      'added /etc/default/grub.d/90-hello.cfg',
      'added /etc/hello',
      'added /etc/hello/hello.conf',
      'changed /etc/motd content',
    ])
    expect(own.find(({ path }) => path === '/etc/hello/hello.conf')?.now).toEqual({
      kind: 'file',
      mode: '0640',
      owner: 'root:hello',
      sizeBytes: 13,
    })
    expect(own.find(({ path }) => path === '/etc/motd')?.diff?.at(-1)).toBe('+Hello.')
  })

  it('shows the user, its group and the kernel argument, and nothing else', () => {
    expect(changes.users.map(({ change, name }) => `${change} ${name}`)).toEqual(['added hello'])
    expect(changes.groups.map(({ change, name }) => `${change} ${name}`)).toEqual(['added hello'])
    expect(changes.kernelArguments).toEqual([
      { change: 'added', word: 'cvm_hello=1', entries: expect.any(Number), ofEntries: expect.any(Number) },
    ])
    const [argument] = changes.kernelArguments
    expect(argument?.entries).toBe(argument?.ofEntries)
    expect([changes.packages, changes.units, changes.initrds]).toEqual([[], [], []])
  })

  it('names the files in which these stand as parts of them', () => {
    const parts = changes.files
      .filter(({ partOf }) => partOf !== undefined)
      .map(({ path, partOf }) => `${partOf}: ${path}`)

    expect(parts).toContain('kernel arguments: /boot/grub/grub.cfg')
    expect(parts).toContain('users and groups: /etc/passwd')
    expect(parts).toContain('users and groups: /etc/shadow')
    expect(parts.filter((part) => !/^kernel arguments: |^users and groups: \/etc\/\w+-?$/.test(part))).toEqual([])
  })

  it('gives the notes of the plugin, and leaves nothing behind', async () => {
    expect(notes).toEqual(['user hello is there'])
    expect(await readdir(dir)).toEqual(['pre-stage'])
  })
})

const PLUGIN = {
  'README.md': '# 20-hello\n\nSays hello.\n',
  'files/etc/hello/hello.conf': 'colour=green\n',
  // Read after those of the image, which set the variable anew.
  'files/etc/default/grub.d/90-hello.cfg': 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX cvm_hello=1"\n',
  'guest_run.sh': `#!/bin/sh
set -eu
useradd --system --no-create-home hello
chgrp hello /etc/hello/hello.conf
chmod 0640 /etc/hello/hello.conf
echo Hello. >>/etc/motd
cvm-note "user hello is there"
`,
}
