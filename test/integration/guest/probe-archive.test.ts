import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { imaLabel, type ProbeFile, probeArchive } from '../../../src/guest/probe-archive.js'
import { runToolOrFail } from '../../../src/host/run-tool.js'
import { makeScratch } from '../../../src/host/scratch.js'

const FILES: readonly ProbeFile[] = [
  { path: 'etc/one/probe.sh', bytes: Buffer.from('#!/bin/sh\n'), mode: 0o700, selinuxType: 'etc_t' },
  { path: 'etc/empty', bytes: Buffer.alloc(0), mode: 0o644, selinuxType: 'etc_t' },
  { path: 'etc/blocks', bytes: Buffer.alloc(1024, 7), mode: 0o600, selinuxType: 'etc_t' },
]

it('is an archive that GNU tar reads, byte for byte, with labels for IMA and SELinux', async () => {
  await using scratch = await makeScratch('/tmp', 'probe-archive', 0o700)
  const archive = join(scratch.path, 'a.tar')
  await writeFile(archive, probeArchive(['etc/one'], FILES))

  const listing = await runToolOrFail({
    tool: 'tar',
    args: [
      '--list',
      '--verbose',
      '--verbose',
      '--xattrs',
      '--xattrs-include=*',
      '--numeric-owner',
      `--file=${archive}`,
    ],
    env: { TZ: 'UTC' },
  })
  await runToolOrFail({ tool: 'tar', args: ['-xf', archive, '--no-same-owner', '-C', scratch.path] })

  const lines = listing.stdout.split('\n').filter((line) => /^[-d]/.test(line))
  expect(
    lines.map((line) => line.split(/\s+/)).map(([mode, owner, size, , , path]) => [mode, owner, size, path]),
  ).toEqual([
    ['drwxr-xr-x', '0/0', '0', 'etc/one/'],
    ['-rwx------*', '0/0', '10', 'etc/one/probe.sh'],
    ['-rw-r--r--*', '0/0', '0', 'etc/empty'],
    ['-rw-------*', '0/0', '1024', 'etc/blocks'],
  ])
  expect(listing.stdout.match(/x: {1,3}\d+ security\.(?:ima|selinux)/g)).toEqual(
    FILES.flatMap(() => ['x: 34 security.ima', 'x: 27 security.selinux']),
  )
  for (const { path, bytes } of FILES) expect(await readFile(join(scratch.path, path))).toEqual(bytes)
})

it('labels a file as ima-label.py does: type 4, algorithm 4, SHA-256', () => {
  const digest = createHash('sha256').update('abc').digest('hex')

  expect(imaLabel(Buffer.from('abc')).toString('hex')).toBe(`0404${digest}`)
})
