import { describe, expect, it } from 'vitest'
import { copyIntoCall } from '../../../src/tools/dd.js'
import { underFakeroot } from '../../../src/tools/fakeroot.js'
import { makeExt4Call } from '../../../src/tools/mke2fs.js'
import { makeBtrfsCall } from '../../../src/tools/mkfs-btrfs.js'
import { makeFatCall } from '../../../src/tools/mkfs-vfat.js'
import { bootstrapCall } from '../../../src/tools/mmdebstrap.js'
import { copyInCall } from '../../../src/tools/mtools.js'
import { partitionCall } from '../../../src/tools/sgdisk.js'
import { makeXfsCall, setXfsModeCall } from '../../../src/tools/xfsprogs.js'

describe('calls of the programs that make a guest', () => {
  it('gives mmdebstrap one source per argument, after the suite and the archive', () => {
    const call = bootstrapCall({
      mode: 'unshare',
      suite: 'trixie',
      packages: ['udev', 'sudo'],
      sources: ['deb [signed-by=/k.gpg] http://mirror.example/debian trixie main'],
      essentialHooks: ['/tmp/h h/before.sh'],
      customizeHooks: ['/tmp/h h/after.sh', '/tmp/h h/more.sh'],
      dpkgOptions: ['path-exclude=/usr/share/man/*'],
      env: { DEMO_SUITE: 'trixie' },
      tarPath: '/scratch/root.tar',
    })

    expect(call).toEqual({
      tool: 'mmdebstrap',
      args: [
        '--mode=unshare',
        '--variant=apt',
        '--architectures=amd64',
        '--format=tar',
        '--include=udev,sudo',
        '--dpkgopt=path-exclude=/usr/share/man/*',
        '--essential-hook=/tmp/h h/before.sh',
        '--customize-hook=/tmp/h h/after.sh',
        '--customize-hook=/tmp/h h/more.sh',
        'trixie',
        '/scratch/root.tar',
        'deb [signed-by=/k.gpg] http://mirror.example/debian trixie main',
      ],
      cwd: '/',
      env: { DEMO_SUITE: 'trixie' },
    })
  })

  it('gives sgdisk both ends of every partition', () => {
    const call = partitionCall('/d', [{ number: 1, typeCode: '8304', firstSector: 2048, lastSector: 4095 }])

    expect(call.args).toEqual(['--clear', '--new=1:2048:4095', '--typecode=1:8304', '/d'])
  })

  it('gives mke2fs the size in kibibytes and the offset in bytes', () => {
    const call = makeExt4Call({
      disk: '/d',
      offsetBytes: 1_048_576,
      sizeBytes: 10_240,
      label: 'l',
      uuid: 'u',
      tree: '/t',
    })

    expect(call.args.slice(-4)).toEqual(['-E', 'offset=1048576,root_owner=0:0', '/d', '10k'])
  })

  it('starts mkfs.xfs in the tree that the paths of its list are relative to', () => {
    const call = makeXfsCall({ file: '/f', label: 'l', uuid: 'u', tree: '/t', prototype: '/p' })

    expect(call.cwd).toBe('/t')
    expect(call.args).toEqual(['-q', '-L', 'l', '-m', 'uuid=u', '-p', '/p', '/f'])
  })

  it('gives xfs_db the mode in octal, with the leading zero that tells it so', () => {
    const call = setXfsModeCall('/f', '/tmp', 0o041777)

    expect(call.args).toEqual(['-x', '-f', '-c', 'path /tmp', '-c', 'write core.mode 041777', '/f'])
  })

  it('gives mkfs.btrfs the tree and the file', () => {
    const call = makeBtrfsCall({ file: '/f', label: 'l', uuid: 'u', tree: '/t' })

    expect(call.args).toEqual(['--quiet', '--label', 'l', '--uuid', 'u', '--rootdir', '/t', '/f'])
  })

  it('lets dd count the place in bytes and leave the rest of the disk alone', () => {
    const { args } = copyIntoCall('/f', '/d', 117_440_512)

    expect(args).toEqual(expect.arrayContaining(['seek=117440512', 'oflag=seek_bytes', 'conv=notrunc,sparse']))
  })

  it('gives mkfs.vfat the offset in sectors and the size in kibibytes', () => {
    const call = makeFatCall({ disk: '/d', firstSector: 10_240, sectors: 217_088, label: 'UEFI' })

    expect(call.args).toEqual(['-F', '32', '-s', '1', '-n', 'UEFI', '--offset', '10240', '/d', '108544'])
  })

  it('keeps directories out of the image name of mtools, where "@@" has a meaning', () => {
    const call = copyInCall({ disk: '/a@@b/disk.raw', offsetBytes: 512 }, '/from', '/EFI/to')

    expect(call.cwd).toBe('/a@@b')
    expect(call.args).toEqual(['-i', 'disk.raw@@512', '/from', '::/EFI/to'])
  })

  it('starts a fakeroot state first and reads it later', () => {
    const call = { tool: 'tar', args: ['-x'], cwd: '/c' }

    expect(underFakeroot(call, '/s', 'first')).toEqual({
      tool: 'fakeroot',
      args: ['-s', '/s', '--', 'tar', '-x'],
      cwd: '/c',
    })
    expect(underFakeroot(call, '/s', 'later').args).toEqual(['-i', '/s', '-s', '/s', '--', 'tar', '-x'])
  })
})
