import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchTextOf } from '../../../src/model/launch-text.js'
import { readLaunchFile } from '../../../src/stages/launch-file.js'

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'launch-file-'))
})
afterAll(async () => await rm(dir, { recursive: true, force: true }))

async function read(text: string, name = 'launch.yaml') {
  const path = join(dir, name)
  await writeFile(path, text)
  return await readLaunchFile(path)
}

const ALL = `tee: snp
image: guest.qcow2
vm:
  vcpus: 4
  memory: 8G
  hugepages: true
  network:
    type: user
    cidr: 10.0.5.0/24
    dhcp-start: 10.0.5.20
    mac: "52:54:00:12:34:56"
    forward: ["2222:22", 80]
  firmware:
    image: OVMF.fd
  secure-boot: false
  tpm: true
  boot-menu-wait: 0
  kernel: boot/vmlinuz
  initrd: boot/initrd
  cmdline: console=ttyS0
  disks:
    - { path: data.img, read-only: true }
    - { path: /abs.raw, format: raw }
  vsock: free
  quote-service: vsock:2:4050
  debug: false
launch-identity:
  mrowner: file:owner.txt
  host-data: "${'0a'.repeat(32)}"
  policy: 0x30000
  kernel-hashes: true
  cpu: EPYC-v4
`

describe('a launch file', () => {
  it('is read with paths seen from its directory, disks by their first bytes, identities as hex', async () => {
    await writeFile(join(dir, 'data.img'), 'QFI\xfb and more', 'latin1')
    await writeFile(join(dir, 'owner.txt'), 'me')
    const { image, wishes, layers } = await read(ALL)

    expect(image).toBe(join(dir, 'guest.qcow2'))
    expect(wishes).toEqual({
      tee: 'snp',
      vcpus: 4,
      memoryMiB: 8192,
      hugepages: true,
      network: 'user',
      cidr: '10.0.5.0/24',
      dhcpStart: '10.0.5.20',
      mac: '52:54:00:12:34:56',
      forwards: [
        { hostPort: 2222, guestPort: 22 },
        { hostPort: 0, guestPort: 80 },
      ],
      firmware: 'rom',
      firmwareImage: join(dir, 'OVMF.fd'),
      secureBoot: false,
      tpm: true,
      bootMenuWaitSeconds: 0,
      kernel: join(dir, 'boot/vmlinuz'),
      initrd: join(dir, 'boot/initrd'),
      cmdline: 'console=ttyS0',
      disks: [
        { path: join(dir, 'data.img'), format: 'qcow2', readOnly: true },
        { path: '/abs.raw', format: 'raw', readOnly: false },
      ],
      vsockCid: 'free',
      quoteService: { kind: 'vsock', cid: 2, port: 4050 },
      debug: false,
      mrowner: createHash('sha384').update('me').digest('hex'),
      hostData: '0a'.repeat(32),
      policy: '0x30000',
      kernelHashes: true,
      snpCpu: 'EPYC-v4',
    })
    expect(layers).toHaveLength(1)
    expect(layers[0]?.origin).toBe('launch.yaml')
    expect(layers[0]?.madeFrom?.mrowner).toBe('SHA-384 of the 2 bytes of owner.txt')
  })

  it('may be JSON, with tabs, and says then the same', async () => {
    const { wishes } = await read(ALL)
    const again = await read(JSON.stringify(launchTextOf(wishes), undefined, '\t'), 'output.launch.json')

    expect(again.wishes).toEqual(wishes)
  })

  it('gives a layer for each origin that a rewrite has told', async () => {
    const text = { vm: { vcpus: 2, memory: '4G' }, origins: { 'vm.vcpus': '20-big/plugin.yaml' } }
    const { layers } = await read(JSON.stringify(text), 'output.launch.json')

    expect(layers.map(({ origin, wishes }) => [origin, wishes])).toEqual([
      ['20-big/plugin.yaml (output.launch.json)', { vcpus: 2 }],
      ['output.launch.json', { memoryMiB: 4096 }],
    ])
  })

  it('takes an ID block as bytes or base64 of a file, or hex behind its word', async () => {
    const bytes = Buffer.alloc(96, 7)
    for (const content of [bytes, bytes.toString('base64')]) {
      await writeFile(join(dir, 'block'), content)
      expect((await read('launch-identity: { id-block: block }')).wishes.idBlock).toBe(bytes.toString('hex'))
    }
    const said = await read(`launch-identity: { id-block: "hex:${bytes.toString('hex')}" }`)
    expect(said.wishes.idBlock).toBe(bytes.toString('hex'))
  })

  it.each([
    ['vm:\n  vcpu: 4\n', /launch\.yaml:2:3$/, /"vcpu" is no key here; did you mean vcpus\?/],
    ['vcpus: 4\n', /launch\.yaml:1:1$/, /"vcpus" is no key here; it stands in vm/],
    ['vm:\n  network:\n    mac: "01:00:00:00:00:00"\n', /launch\.yaml:3:10$/, /vm\.network\.mac: .*multicast/],
    ['vm:\n  network:\n    cidr: 10.0.2.0/24\n    dhcp-start: 10.0.2.2\n', /:4:17$/, /10\.0\.2\.2 is the gateway/],
    ['vm:\n  network: {type: none, forward: [22]}\n', /:2:/, /vm\.network\.forward: is for user/],
    ['vm:\n  vcpus: 0\n', /:2:10$/, /vm\.vcpus: must be a whole number from 1 to 1024/],
    ['vm:\n  vcpus: $CPUS\n', /:2:10$/, /vm\.vcpus: must be a whole number/],
    ['tee: sgx\n', /:1:6$/, /must be one of none, tdx, snp/],
    ['vm:\n  vsock: 2\n', /:2:10$/, /from 3 to 4294967294, or free/],
    ['vm: {memory: 8}\n', /:1:/, /must be a text/],
    ['{"vm": {"memory": "8"}}', /:1:19$/, /size with its unit/],
    ['launch-identity:\n  policy: 1\n', /:2:11$/, /bit 17/],
  ])('tells the place of a mistake: %j', async (text, where, why) => {
    await expect(read(text)).rejects.toMatchObject({
      code: 'LAUNCH_INVALID',
      message: expect.stringMatching(where),
      why: expect.stringMatching(why),
    })
  })

  it('tells all mistakes at once', async () => {
    await expect(read('vm: {vcpus: 0, memory: x}\nfoo: 1\n')).rejects.toMatchObject({
      message: expect.stringContaining('3 mistakes'),
      lines: [
        expect.stringContaining('vm.vcpus'),
        expect.stringContaining('vm.memory'),
        expect.stringContaining('foo'),
      ],
    })
  })

  it('is refused when it is none: absent, a directory, empty', async () => {
    await expect(readLaunchFile(join(dir, 'absent.yaml'))).rejects.toMatchObject({ code: 'LAUNCH_INVALID' })
    await expect(readLaunchFile(dir)).rejects.toMatchObject({ code: 'LAUNCH_INVALID', why: 'it is not a regular file' })
    await expect(read('')).rejects.toMatchObject({ code: 'LAUNCH_INVALID' })
  })

  it('refuses a disk that is a pipe, and does not wait for one who writes into it', async () => {
    execFileSync('mkfifo', [join(dir, 'pipe')])

    await expect(read('vm: {disks: [{path: pipe}]}')).rejects.toMatchObject({
      code: 'LAUNCH_INVALID',
      message: 'launch.yaml: the disk pipe cannot be read',
      why: 'it is neither a file nor a block device',
    })
  })

  it('names the key of an identity that cannot be made', async () => {
    await expect(read('launch-identity: {mrowner: "file:absent.pem"}')).rejects.toMatchObject({
      message: expect.stringContaining('launch.yaml: launch-identity.mrowner'),
    })
    await expect(read('launch-identity: {id-block: absent}')).rejects.toMatchObject({
      code: 'IDENTITY_INVALID',
      message: expect.stringMatching(/^launch\.yaml: launch-identity\.id-block: .*absent cannot be read$/),
    })
  })
})
