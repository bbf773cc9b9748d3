import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runTool } from '../../../src/host/run-tool.js'

const ROOT = new URL('../../..', import.meta.url).pathname

describe('the look for conflicts between the payload and the guest', () => {
  it('names a file in the place of a directory and the other way round, and nothing else', async () => {
    await using guest = await aGuest()
    for (const dir of ['from/lib', 'from/dir', 'from/new', 'root/usr/lib', 'root/file'])
      await mkdir(guest.at(dir), { recursive: true })
    for (const file of ['from/file', 'from/lib/x', 'from/same', 'root/dir', 'root/same'])
      await writeFile(guest.at(file), '')
    await symlink('usr/lib', guest.at('root/lib'))
    await runTool({
      tool: 'tar',
      args: ['-C', guest.at('from'), '-cf', guest.at('p.tar'), 'dir', 'file', 'lib', 'new', 'same'],
    })

    const { said } = await guest.run('cloud-init/guest/payload-conflicts.sh', [guest.at('p.tar'), guest.at('root')])

    expect(said.trimEnd().split('\n')).toEqual([
      '/dir: Not a directory in the guest, but one in the plugins',
      '/file: Is a directory in the guest, and a file or link in the plugins',
    ])
  })
})

describe('growing the root', () => {
  const findmnt = 'case "$*" in *SOURCE*) echo /dev/null ;; *) echo ext4 ;; esac'

  it('grows a file system on the whole disk, which has no partition', async () => {
    await using guest = await aGuest({ findmnt, lsblk: 'echo disk', resize2fs: 'echo "resized $1"' })

    expect(await guest.run('cloud-init/guest/grow-root.sh')).toEqual({ exitCode: 0, said: 'resized /dev/null\n' })
  })

  it('says on what it cannot grow one', async () => {
    await using guest = await aGuest({ findmnt, lsblk: 'echo crypt' })

    const { exitCode, said } = await guest.run('cloud-init/guest/grow-root.sh')

    expect(exitCode).toBe(1)
    expect(said).toBe('do not know how to grow a root on a device of type crypt (/dev/null)\n')
  })
})

describe('runcmd lines in a guest without bash', () => {
  it('end the run at the first that fails', async () => {
    await using guest = await aGuest({ setsid: 'echo finish' })
    await mkdir(guest.at('scripts'))
    await writeFile(
      guest.at('report.sh'),
      `CVM_DIR=${guest.dir}\ncvm_run() { shift; "$@"; }\ncvm_fail() { echo "failed $*"; exit 9; }\n`,
    )
    await writeFile(guest.at('scripts/runcmd'), '#!/bin/sh\necho one\nfalse\necho two\n')
    const text = await guest.text('cloud-init/guest/run-parts.sh')
    await writeFile(guest.at('scripts/000-run-parts'), text.replace('command -v bash', 'false'))

    const { said } = await guest.start(guest.at('scripts/000-run-parts'))

    expect(said).toBe('one\nfailed runcmd 1\n')
  })
})

describe('programs that plugins require', () => {
  it.each([
    [
      'are there when packages of the same run bring them',
      'printf "#!/bin/sh\\n" >"$CVM_DIR/bin/cvm-signs"; chmod +x "$CVM_DIR/bin/cvm-signs"',
      '',
    ],
    [
      'end the run before the first script when nothing brings them',
      ':',
      'not in the guest: cvm-signs, required by 20-a for this\nfailed requires 1\n',
    ],
  ])('%s', async (_, install, said) => {
    await using guest = await aGuest({ setsid: 'exit 0' })
    for (const name of ['scripts', 'log']) await mkdir(guest.at(name))
    await writeFile(
      guest.at('report.sh'),
      `CVM_DIR=${guest.dir}\nexport CVM_DIR\ncvm_run() { shift; "$@"; }\ncvm_fail() { echo "failed $*"; exit 9; }\n`,
    )
    await writeFile(guest.at('requires'), 'cvm-signs\t20-a for this\n')
    await writeFile(guest.at('rootfs-wishes'), '')
    await writeFile(guest.at('rootfs-install.sh'), `#!/bin/sh\n${install}\n`, { mode: 0o755 })
    await writeFile(guest.at('scripts/000-run-parts'), await guest.text('cloud-init/guest/run-parts.sh'))

    expect((await guest.start(guest.at('scripts/000-run-parts'))).said).toBe(said)
  })
})

/** A directory in which guest scripts are started with the given programs in front of PATH. */
async function aGuest(programs: Readonly<Record<string, string>> = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'guest-scripts-'))
  await mkdir(join(dir, 'bin'))
  for (const [name, body] of Object.entries(programs)) {
    await writeFile(join(dir, 'bin', name), `#!/bin/sh\n${body}\n`)
    await chmod(join(dir, 'bin', name), 0o755)
  }
  const text = async (path: string) =>
    (await readFile(join(ROOT, path), 'utf8')).replaceAll('/var/lib/cvm-image-rewriter', dir)
  const start = async (path: string, args: readonly string[] = []) => {
    const { exitCode, stdout, stderr } = await runTool({
      tool: 'sh',
      args: [path, ...args],
      env: { PATH: `${join(dir, 'bin')}:/usr/sbin:/usr/bin:/sbin:/bin` },
    })
    return { exitCode, said: stdout + stderr }
  }
  return {
    dir,
    at: (name: string) => join(dir, name),
    text,
    start,
    run: async (path: string, args: readonly string[] = []) => await start(join(ROOT, path), args),
    [Symbol.asyncDispose]: async () => await rm(dir, { recursive: true }),
  }
}
