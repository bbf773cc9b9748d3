import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { aScratchGuest } from './scratch-guest.js'

const ROOT = new URL('../../..', import.meta.url).pathname

describe('growing the root file system', () => {
  it.each([
    ['/dev/vda3', 'vda', '3'],
    ['/dev/nvme0n1p12', 'nvme0n1', '12'],
  ])('D32: grows the partition on which / is, here %s, wherever that is', async (device, disk, number) => {
    expect(await grow({ device })).toEqual({
      exitCode: 0,
      said: `growpart /dev/${disk} ${number}\nCHANGED\nresize2fs ${device}\n`,
    })
  })

  it('D32: goes through LVM: partition, physical volume, logical volume, file system', async () => {
    expect(await grow({ device: '/dev/dm-0', lvm: '/dev/vda3' })).toEqual({
      exitCode: 0,
      said: 'growpart /dev/vda 3\nCHANGED\npvresize /dev/vda3\nlvextend -l +100%FREE /dev/dm-0\nresize2fs /dev/dm-0\n',
    })
  })

  it.each([
    ['ext4', 'resize2fs /dev/vda3'],
    ['ext3', 'resize2fs /dev/vda3'],
    ['xfs', 'xfs_growfs /'],
    ['btrfs', 'btrfs filesystem resize max /'],
  ])('D33: grows %s with its own program', async (type, last) => {
    const { exitCode, said } = await grow({ device: '/dev/vda3', type })

    expect(said.trimEnd().split('\n').at(-1)).toBe(last)
    expect(exitCode).toBe(0)
  })

  it('D33: fails for a file system that it does not know, with its name', async () => {
    const { exitCode, said } = await grow({ device: '/dev/vda3', type: 'zfs' })

    expect(said).toContain('do not know how to grow a root file system of type zfs')
    expect(exitCode).toBe(1)
  })

  it('D34: goes on when the partition has the size already', async () => {
    expect(await grow({ device: '/dev/vda3', growpart: 'echo "NOCHANGE: partition 3 is size 1"; exit 1' })).toEqual({
      exitCode: 0,
      said: 'NOCHANGE: partition 3 is size 1\nresize2fs /dev/vda3\n',
    })
  })

  it.each([
    ['the partition cannot be grown', { growpart: 'echo "FAILED: no table"; exit 2' }, 'FAILED: no table\n'],
    [
      'the file system cannot be grown',
      { resize2fs: 'echo "resize2fs: no"; exit 1' },
      'growpart /dev/vda 3\nCHANGED\nresize2fs: no\n',
    ],
  ])('D34: fails when %s', async (_, programs, said) => {
    expect(await grow({ device: '/dev/vda3', ...programs })).toEqual({ exitCode: 1, said })
  })
})

describe('the first thing that runs in the guest', () => {
  it('D35: grows the root and opens what is read-only before it unpacks the files, which may need the room', async () => {
    const { said } = await bootHook({ grown: '1', readOnly: true })

    expect(said.split('\n').filter((line) => /^(?:run|tar --extract)/.test(line))).toEqual([
      'run read-only-open',
      'run grow-root',
      'tar --extract',
    ])
  })

  it('D36: leaves a disk alone that no plugin has made larger', async () => {
    const { said } = await bootHook({ grown: '0', readOnly: false })

    expect(said.split('\n').filter((line) => /^(?:run|tar --extract)/.test(line))).toEqual(['tar --extract'])
  })
})

interface Root {
  readonly device: string
  readonly type?: string
  /** The partition below a logical volume. */
  readonly lvm?: string
  readonly growpart?: string
  readonly resize2fs?: string
}

/** Runs grow-root.sh with programs that only print how they were called, in a machine with a vda and an nvme0n1. */
async function grow({ device, type = 'ext4', lvm, growpart, resize2fs }: Root) {
  const kind = lvm === undefined ? 'part' : 'lvm'
  await using guest = await aScratchGuest({
    findmnt: `case "$*" in *SOURCE*) echo '${device}[/@]' ;; *) echo ${type} ;; esac`,
    readlink: 'case "$2" in /dev/*) echo "$2" ;; *) exec /usr/bin/readlink "$@" ;; esac',
    lsblk: `case "$*" in *-s*) printf '%s\\n' '${device} lvm' '${lvm} part' '/dev/vda disk' ;; *) echo ${kind} ;; esac`,
    growpart: growpart ?? 'echo "growpart $*"; echo CHANGED',
    resize2fs: resize2fs ?? 'echo "resize2fs $*"',
    ...Object.fromEntries(['xfs_growfs', 'btrfs', 'pvresize', 'lvextend'].map((name) => [name, `echo "${name} $*"`])),
  })
  for (const [disk, part, number] of [
    ['vda', 'vda3', '3'],
    ['nvme0n1', 'nvme0n1p12', '12'],
  ] as const) {
    await guest.write(`/devices/${disk}/${part}/partition`, `${number}\n`)
    await guest.link(`/class/block/${part}`, `../../devices/${disk}/${part}`)
  }
  const text = await readFile(join(ROOT, 'cloud-init/guest/grow-root.sh'), 'utf8')
  await guest.write('/grow-root.sh', text.replaceAll('/sys/class/block', guest.at('/class/block')))
  return await guest.run(guest.at('/grow-root.sh'))
}

/** Runs boothook.sh with a seed of its own; parts and tar are only printed. */
async function bootHook({ grown, readOnly }: { readonly grown: string; readonly readOnly: boolean }) {
  await using guest = await aScratchGuest({
    blkid: 'echo /dev/vdb',
    mount: 'cp -r "$SEED/." "$4"',
    umount: 'rm -r "$1"; mkdir "$1"',
    tar: 'echo "tar $1"',
    df: 'printf "header\\nx 9 9 999999 1%% /\\n"',
    stty: 'exit 0',
  })
  await guest.write('/seed/payload.tar', '')
  for (const name of ['finish.sh', 'run-runcmd.bash', 'cvm-note.sh', 'cvm-beside.sh'])
    await guest.write(`/seed/cvm/${name}`, '')
  await guest.write('/seed/cvm/payload-conflicts.sh', '#!/bin/sh\n', 0o755)
  await guest.write(
    '/seed/cvm/report.sh',
    `CVM_PORT=/dev/null CVM_DISK_GROWN=${grown} CVM_PAYLOAD_BYTES=1024 CVM_PAYLOAD_HAS_UNITS=0
cvm_event() { :; }
cvm_tail() { :; }
cvm_run() { echo "run $1"; }
cvm_fail() { echo "failed $*"; exit 9; }\n`,
  )
  if (readOnly) await guest.write('/etc/cvm-image-rewriter/read-only', 'chattr\t/etc/motd\n')
  const text = await readFile(join(ROOT, 'cloud-init/guest/boothook.sh'), 'utf8')
  const inScratch = text
    .replaceAll('/var/lib/cvm-image-rewriter', guest.at('/var/lib/cvm-image-rewriter'))
    .replace(/(?<=[ ])\/etc\//g, guest.at('/etc/'))
    .replace('>"$dir/log/payload" 2>&1', '')
    .replace('command -v restorecon', 'false')
  await guest.write('/boothook.sh', inScratch)
  return await guest.run(guest.at('/boothook.sh'), { env: { SEED: guest.at('/seed') } })
}
