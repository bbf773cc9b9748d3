import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { chmod, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tinyDisk } from '../../fixtures/tiny-guests.js'
import { runCli } from './run-cli.js'

const run = promisify(execFile)
/** Without the first letter: SeaBIOS, which writes to the same port, may put something behind it. */
const SAID = 'iny guest'
let dir = ''

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'launch-'))
  await writeFile(join(dir, 'disk.raw'), tinyDisk({ prints: 'tiny guest\r\n', ending: 'power-off' }))
  // The name lies: only the first bytes count.
  await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', join(dir, 'disk.raw'), join(dir, 'guest.img')])
  await writeFile(
    join(dir, 'guest.img.launch.json'),
    JSON.stringify({
      image: 'guest.img',
      vm: { vcpus: 3, memory: '1G', network: { type: 'none' } },
      origins: { 'vm.vcpus': '20-big/plugin.yaml' },
    }),
  )
  await writeFile(join(dir, 'launch.yaml'), 'image: guest.img\nvm: { memory: 512M }\n')
  await writeFile(join(dir, 'owner.txt'), 'me')
})
afterAll(async () => await rm(dir, { recursive: true, force: true }))

const launch = async (...args: readonly string[]) => await runCli(dir, ['launch', '--accel', 'tcg', ...args])
const tee = async (...args: readonly string[]) => await runCli(dir, ['launch', '-i', 'guest.img', ...args])

describe('cvm-rewrite launch', () => {
  it.concurrent('prints only the command on stdout, and on stderr every value with its origin', async () => {
    const { code, stdout, stderr } = await launch('-i', 'guest.img', '--launch', 'launch.yaml', '--vcpus', '2')

    expect(code, stderr).toBe(0)
    expect(stdout).toMatch(/^qemu-system-x86_64 \\\n {2}-name guest=guest \\\n/)
    expect(stdout).toContain(' -smp 2 \\\n  -m 512M')
    expect(stdout).toContain('driver=qcow2')
    expect(stdout).toContain('-nic none')
    expect(stderr).toMatch(/^ {2}vm\.vcpus +2 +--vcpus$/m)
    expect(stderr).toMatch(/^ {2}vm\.memory +512M +launch\.yaml$/m)
    expect(stderr).toMatch(/^ {2}vm\.network\.type +none +guest\.img\.launch\.json$/m)
    expect(stderr).toMatch(/^ {2}tee +none +the default$/m)
    expect(stderr).toContain(`note ${dir}/guest.img.launch.json lies beside the image and is taken\n`)
  })

  it.concurrent('keeps the origins that a rewrite has told', async () => {
    const { stdout } = await launch('-i', 'guest.img', '--json')

    const { origins, machine } = JSON.parse(stdout)
    expect(origins['vm.vcpus']).toBe('20-big/plugin.yaml (guest.img.launch.json)')
    expect(machine).toMatchObject({ vcpus: 3, memoryMiB: 1024, network: { kind: 'none' } })
  })

  it.concurrent('takes the image that the launch file names', async () => {
    const { code, stdout } = await launch('--launch', 'launch.yaml', '--format', 'json')

    expect(code).toBe(0)
    expect(JSON.parse(stdout).disks[0]).toMatchObject({ path: join(dir, 'guest.img'), format: 'qcow2' })
  })

  it.concurrent('prints a command that the shell and QEMU take, and a guest that runs', async () => {
    // QEMU locks an image that it writes to.
    await run('cp', [join(dir, 'guest.img'), join(dir, 'started.qcow2')])
    const { stdout } = await launch('-i', 'started.qcow2')

    const { stdout: said } = await run('sh', ['-c', stdout], { cwd: dir, timeout: 60_000 })
    expect(said).toContain(SAID)
  })

  it.concurrent('prints a script that does the same, and is sound for shellcheck', async () => {
    await run('cp', [join(dir, 'guest.img'), join(dir, 'scripted.qcow2')])
    const { stdout } = await launch('-i', 'scripted.qcow2', '--format', 'script')
    const script = join(dir, 'start.sh')
    await writeFile(script, stdout)
    await chmod(script, 0o755)

    await run('shellcheck', [script])
    expect((await run(script, [], { timeout: 60_000 })).stdout).toContain(SAID)
  })

  it.concurrent('prints a TD for the QEMU that is named, with what its identity was made from', async () => {
    const digest = createHash('sha384').update('me').digest()
    const upstream = await tee('--tee', 'tdx', '--mrowner', 'file:owner.txt', '--qemu-flavour', 'upstream')
    const fork = await tee('--tee', 'tdx', '--mrowner', 'file:owner.txt', '--qemu-flavour', 'fork')

    expect(upstream.code, upstream.stderr).toBe(0)
    expect(upstream.stdout).toContain(`"mrowner":"${digest.toString('base64')}"`)
    expect(fork.stdout).toContain(digest.toString('hex'))
    expect(upstream.stdout).toContain(' -bios ')
    expect(upstream.stderr).toMatch(
      /launch-identity\.mrowner +[0-9a-f]{96} +--mrowner: SHA-384 of the 2 bytes of owner\.txt/,
    )
  })

  it.concurrent('prints an SEV-SNP domain for libvirt, and says what this libvirt does not know', async () => {
    const { code, stdout, stderr } = await tee('--tee', 'snp', '--host-data', '00'.repeat(32), '--format', 'libvirt')

    expect(code, stderr).toBe(0)
    expect(stdout).toContain("<launchSecurity type='sev-snp'")
    expect(stderr).toMatch(
      /note (?:the XML is valid|this host's libvirt does not know <launchSecurity|the XML was not)/,
    )
  })

  it.concurrent('tells where UEFI variables are copied to, for each format', async () => {
    const qemu = await launch('-i', 'guest.img', '--secure-boot')
    const libvirt = await launch('-i', 'guest.img', '--secure-boot', '--format', 'libvirt')
    const script = await launch('-i', 'guest.img', '--secure-boot', '--format', 'script')

    expect(qemu.stderr).toMatch(/make it first: cp -n \/usr\/share\/OVMF\/\S+ \S+\/guest\.vars\.fd/)
    expect(qemu.stdout).toContain(`file=${dir}/guest.vars.fd`)
    expect(libvirt.stderr).toContain('libvirt copies /usr/share/OVMF/')
    expect(script.stderr).toMatch(/the script copies \S+ to \S+\/guest\.vars\.fd/)
    expect(existsSync(join(dir, 'guest.vars.fd'))).toBe(false)
  })

  it.concurrent('chooses free ports and a vsock id, and says which', async () => {
    const { stdout, stderr } = await launch('-i', 'guest.img', '--net', 'user', '--forward', '22', '--vsock', 'free')

    const port = /port 22 of the guest is 127\.0\.0\.1:(\d+)/.exec(stderr)?.[1]
    expect(stdout).toContain(`hostfwd=tcp:127.0.0.1:${port}-:22`)
    expect(stdout).toMatch(/guest-cid=\d{10}/)
  })

  it.concurrent('says that an identity is of no use without protection', async () => {
    const { stderr } = await launch('-i', 'guest.img', '--mrowner', 'file:owner.txt')

    expect(stderr).toContain('the launch identity is of no use here')
  })

  it.concurrent('says that the flavour changes nothing for a guest without TDX', async () => {
    const { code, stderr } = await launch('-i', 'guest.img', '--qemu-flavour', 'fork')

    expect(code).toBe(0)
    expect(stderr).toContain('note --qemu-flavour changes nothing here: only TDX is spelled in two ways')
  })

  it.concurrent.each([
    [['-i', 'guest.img', '--format', 'xml'], 2, /Allowed choices are qemu/],
    [['--vcpus', '2'], 2, /error\[USAGE\] no image/],
    [['-i', 'absent.qcow2'], 2, /INPUT_NOT_FOUND/],
    [['-i', 'guest.img', '--start'], 2, /--start is of use with --define only/],
    [['-i', 'guest.img', '--define', '12'], 2, /is no number/],
    [['-i', 'guest.img', '--define', 'a', '--format', 'qemu'], 2, /it has no --format/],
    [
      ['-i', 'guest.img', '--forward', '22'],
      2,
      /vm\.network\.forward is for user.*\(--forward; guest\.img\.launch\.json\)/,
    ],
    [
      ['-i', 'guest.img', '--net', '10.9.0.0/16', '--dhcp-start', '10.9.2.2'],
      2,
      /10\.9\.2\.2 is the gateway of 10\.9\.0\.0\/16/,
    ],
    [
      ['-i', 'guest.img', '--qemu-flavour', 'fork', '--format', 'libvirt'],
      2,
      /USAGE\] --qemu-flavour is of no use with --format libvirt/,
    ],
    [['-i', 'guest.img', '--qemu-flavour', 'fork', '--define', 'a'], 2, /--qemu-flavour is of no use with --define/],
    [['-i', 'guest.img', '--append', 'quiet'], 2, /LAUNCH_INVALID.*without a kernel/],
    [['-i', 'guest.img', '--tee', 'tdx'], 2, /never emulated/],
    [['-i', 'guest.img', '--tee', 'tdx', '--host-data', '00'.repeat(32)], 2, /--host-data is for SEV-SNP guests/],
    [['-i', 'guest.img', '--firmware-image', 'owner.txt'], 2, /owner\.txt is not a whole firmware image/],
    [['-i', 'guest.img', '--host-data', 'abcd'], 2, /IDENTITY_INVALID.*--host-data/],
  ] as const)('refuses %j', async (args, code, message) => {
    const outcome = await launch(...args)

    expect(outcome.code).toBe(code)
    expect(outcome.stderr).toMatch(message)
    expect(outcome.stdout).toBe('')
  })

  it.concurrent('says when output.launch.json was written for another image', async () => {
    await run('cp', [join(dir, 'guest.img'), join(dir, 'other.qcow2')])
    await run('cp', [join(dir, 'guest.img.launch.json'), join(dir, 'other.launch.json')])
    const { stderr } = await launch('-i', 'other.qcow2')

    expect(stderr).toContain(
      `note other.launch.json was written for ${join(dir, 'guest.img')}; it is taken for ${join(dir, 'other.qcow2')}`,
    )
  })

  it.concurrent('neither waits for a pipe nor reads a huge file', async () => {
    await run('mkfifo', [join(dir, 'pipe')])
    await run('truncate', ['-s', '50G', join(dir, 'huge.yaml')])
    const disk = await launch('-i', 'guest.img', '--disk', 'pipe')
    const file = await launch('-i', 'guest.img', '--launch', 'pipe')
    const huge = await launch('-i', 'guest.img', '--launch', 'huge.yaml')

    expect(disk.stderr).toMatch(/the disk pipe cannot be read\n {2}why: {2}it is neither a file/)
    expect(file.stderr).toMatch(/pipe cannot be read\n {2}why: {2}it is not a regular file/)
    expect(huge.stderr).toMatch(/huge\.yaml\n {2}why: {2}is larger than 256 KiB/)
    await rm(join(dir, 'pipe'))
    await rm(join(dir, 'huge.yaml'))
  })

  it.concurrent('prints a TPM that starts for an image in a directory with any name', async () => {
    const odd = join(dir, "c,omma $(x) 'd")
    await run('mkdir', [odd])
    await run('cp', [join(dir, 'guest.img'), join(odd, 'a.qcow2')])
    const { stderr } = await launch('-i', join(odd, 'a.qcow2'), '--tpm')
    const command = /note TPM: start it first: (.+)/.exec(stderr)?.[1] ?? ''

    const untilItListens = 'i=0; until [ -S "$1" ] || [ $i = 100 ]; do i=$((i + 1)); sleep 0.1; done; [ -S "$1" ]'
    const script = `${command} pid=$!; ${untilItListens}; heard=$?; kill $pid; exit $heard`
    await run('sh', ['-c', script, 'sh', join(odd, 'a.tpm/socket')])
  })

  it('writes nothing', async () => {
    const before = readdirSync(dir)
    await launch('-i', 'guest.img', '--format', 'libvirt')

    expect(readdirSync(dir)).toEqual(before)
  })

  it('takes names of any kind', async () => {
    const odd = "a $(touch PWNED) 'b',c.img"
    await rename(join(dir, 'other.qcow2'), join(dir, odd))
    const { stdout, stderr, code } = await launch('-i', odd)

    expect(code, stderr).toBe(0)
    expect((await run('sh', ['-c', stdout], { cwd: dir, timeout: 60_000 })).stdout).toContain(SAID)
    expect(existsSync(join(dir, 'PWNED'))).toBe(false)
  })
})
