import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { chmod, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { aBench, aGoodGuest, type Bench, fingerprint } from './rewrite-bench.js'

describe('the host script of a plugin', () => {
  it.concurrent('is told of with the plugin and its last lines when it fails, with exit 6', async () => {
    await using bench = await aBench()
    await bench.plugin('pre-stage/10-hello/host_run.sh', '#!/bin/sh\necho a first line\necho the reason >&2\nexit 3\n')

    const { code, stderr } = await bench.run([])

    expect(code).toBe(6)
    expect(stderr).toMatch(/error\[HOST_SCRIPT_FAILED\] 10-hello: host_run\.sh exited 3/)
    expect(stderr).toMatch(/why: {2}the reason\n/)
    expect(stderr).toContain('| a first line')
    expect(stderr).toContain('--skip 10-hello')
    expect(bench.boots()).toEqual([])
    const [input, failed = ''] = bench.listing().dir
    expect([input, bench.listing().dir.length]).toEqual(['guest.qcow2', 2])
    expect(readdirSync(bench.at(failed)).sort()).toEqual(['logs', 'report.json'])
    expect(readFileSync(join(bench.at(failed), 'logs', '10-hello-host_run.sh.log'), 'utf8')).toContain('the reason')
  })

  it.concurrent('is ended after CVM_SCRIPT_TIMEOUT seconds with all that it has started, with exit 124', async () => {
    await using bench = await aBench()
    await bench.plugin(
      'pre-stage/10-hello/host_run.sh',
      '#!/bin/sh\necho waiting\nsh -c "sleep 501; true" &\nsleep 500\n',
    )

    const { code, stderr } = await bench.run([], { CVM_SCRIPT_TIMEOUT: '1' })

    expect(code).toBe(124)
    expect(stderr).toMatch(/error\[HOST_SCRIPT_TIMED_OUT\] 10-hello: host_run\.sh did not end within 1 s/)
    expect(stderr).toContain('| waiting')
    expect(bench.processes()).toEqual([])
  })

  it.concurrent.each([
    ['removes', 'rm "$GUEST_IMG"'],
    ['empties', ': >"$GUEST_IMG"'],
  ])('that %s the image is named, with exit 6', async (_title, line) => {
    await using bench = await aBench()
    await bench.plugin('pre-stage/10-hello/host_run.sh', `#!/bin/sh\n${line}\n`)

    const { code, stderr } = await bench.run([])

    expect(code).toBe(6)
    expect(stderr).toMatch(/error\[HOST_SCRIPT_BROKE_IMAGE\]/)
    expect(stderr).toContain('10-hello')
    expect(bench.boots()).toEqual([])
  })

  it.concurrent('may add files, user-data and a guest script, which count in the same run', async () => {
    await using bench = await aBench()
    const before = fingerprint(bench.plugins)
    await bench.plugin(
      'pre-stage/20-late/host_run.sh',
      `#!/bin/sh
set -e
mkdir -p files/etc cloud-init/x-shellscript
echo made >files/etc/made-by-host-run
printf '#!/bin/sh\\ntrue\\n' >cloud-init/x-shellscript/20-made.sh
qemu-img resize -q -f qcow2 "$GUEST_IMG" 8M
`,
    )
    await bench.plugin('pre-stage/20-late/README.md', '# 20-late\n\nMakes its files late.\n')
    const sources = fingerprint(bench.plugins)
    expect(sources).not.toBe(before)

    const { code } = await bench.run([])

    expect(code).toBe(0)
    expect(payload(bench)).toContain('etc/made-by-host-run')
    expect(seed(bench, 'user-data')).toContain('-20-late-20-made.sh"')
    expect(seed(bench, 'cvm.run.env')).toContain("CVM_DISK_GROWN='1'")
    expect(fingerprint(bench.plugins)).toBe(sources)
  })

  it.concurrent('is told at the place that its author knows when it leaves something wrong behind, with exit 5', async () => {
    await using bench = await aBench()
    await bench.plugin('pre-stage/10-hello/host_run.sh', '#!/bin/sh\necho "grub: { timeout: soon }" >plugin.yaml\n')

    const { code, stderr } = await bench.run([])

    expect(code).toBe(5)
    expect(stderr).toContain(`${bench.plugins}/pre-stage/10-hello/plugin.yaml:1:18`)
    expect(stderr).toContain('grub.timeout: must be a whole number (as a host_run.sh has left it)')
    expect(stderr).not.toContain('.cvm-rewrite-')
  })

  it.concurrent('may belong to a plugin that is a link to a directory elsewhere, which stays as it was', async () => {
    await using bench = await aBench()
    await bench.plugin('shared/20-linked/host_run.sh', '#!/bin/sh\necho made >files/etc/made-by-host-run\n')
    await bench.plugin('shared/20-linked/README.md', '# 20-linked\n\nLies elsewhere.\n')
    await bench.plugin('shared/20-linked/files/etc/linked', 'x\n', 0o644)
    await symlink('../shared/20-linked', join(bench.plugins, 'pre-stage', '20-linked'))
    const sources = fingerprint(join(bench.plugins, 'shared'))

    const { code } = await bench.run([])

    expect(code).toBe(0)
    expect(payload(bench)).toEqual(expect.arrayContaining(['etc/linked', 'etc/made-by-host-run']))
    expect(fingerprint(join(bench.plugins, 'shared'))).toBe(sources)
  })

  it.concurrent('finds no skipped plugin beside its own: what does not take part is not even copied', async () => {
    await using bench = await aBench()
    await bench.plugin('pre-stage/20-off/NOT_RUN', '')
    await bench.plugin('pre-stage/common.sh', '')
    await bench.plugin('pre-stage/10-hello/host_run.sh', '#!/bin/sh\nmkdir files/$(ls .. | tr "\\n" +)\n')

    const { code } = await bench.run([])

    expect(code).toBe(0)
    expect(payload(bench)).toContain('10-hello+common.sh+/')
  })

  it.concurrent('may leave a file with a large hole, which the guest need not have room for', async () => {
    await using bench = await aBench()
    await bench.plugin('pre-stage/10-hello/host_run.sh', '#!/bin/sh\ntruncate -s 128M files/etc/hole\n')

    const { code } = await bench.run([])

    expect(code).toBe(0)
    const bytes = Number(/CVM_PAYLOAD_BYTES='(\d+)'/.exec(seed(bench, 'cvm.run.env'))?.[1])
    expect(bytes).toBeLessThan(2 ** 20)
  })

  it.concurrent('has nothing of the caller but an allow-list, and its own folder of a copy to work in', async () => {
    await using bench = await aBench()
    await bench.plugin(
      'pre-stage/10-hello/host_run.sh',
      `#!/bin/bash\nenv >"${bench.root}/env"\npwd >>"${bench.root}/env"\n`,
      0o644,
    )

    const { code } = await bench.run([], {
      BASH_ENV: '/nonexistent/bash-env',
      NODE_OPTIONS: '--no-deprecation',
      PERL5LIB: '/evil',
      GUEST_MINE: 'yes',
    })

    expect(code).toBe(0)
    const said = readFileSync(join(bench.root, 'env'), 'utf8')
    expect(said).not.toMatch(/BASH_ENV|NODE_OPTIONS|PERL5LIB|LD_PRELOAD/)
    expect(said).toContain('GUEST_MINE=yes')
    // Every run of these tests is an emulated one.
    expect(said).toContain('LIBGUESTFS_BACKEND=direct\n')
    expect(said).toContain('LIBGUESTFS_BACKEND_SETTINGS=force_tcg\n')
    expect(said).toMatch(/^GUEST_IMG=\/.*\/work\.qcow2$/m)
    expect(said).toMatch(/^CVM_WORK_DIR=\//m)
    expect(said).toMatch(/^\/.*\.cvm-rewrite-.*\/pre-stage\/10-hello$/m)
  })

  it.concurrent.each(['NOT_RUN', '--skip'] as const)(
    'does not run when %s says so, nor does anything else of the plugin',
    async (how) => {
      await using bench = await aBench()
      await bench.plugin('pre-stage/20-other/README.md', '# 20-other\n\nIs left out.\n')
      await bench.plugin('pre-stage/20-other/host_run.sh', '#!/bin/sh\nexit 9\n')
      await bench.plugin('pre-stage/20-other/guest_run.sh', '#!/bin/sh\nexit 9\n')
      await bench.plugin('pre-stage/20-other/files/etc/other', 'other\n')
      await bench.plugin('pre-stage/20-other/cloud-init/x-shellscript/20-other.sh', '#!/bin/sh\n')
      await bench.plugin('pre-stage/20-other/post-stage/host_run.sh', '#!/bin/sh\nexit 9\n')
      if (how === 'NOT_RUN') await bench.plugin('pre-stage/20-other/NOT_RUN', '')
      const args = how === 'NOT_RUN' ? [] : ['--skip', '20-other']

      const { code, stderr } = await bench.run(args)

      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('20-other skipped: ') })
      expect(payload(bench)).toContain('etc/hello')
      expect(payload(bench)).not.toContain('other')
      expect(seed(bench, 'user-data')).not.toContain('other')
      expect(JSON.parse(readFileSync(bench.at('output.report.json'), 'utf8')).plugins).toContainEqual(
        expect.objectContaining({ name: '20-other', state: 'skipped', why: how }),
      )
    },
  )
})

describe('the host script of the post-stage', () => {
  it.concurrent('that fails keeps the image from being published, and the others still run', async () => {
    await using bench = await aBench()
    await bench.plugin('post-stage/50-check/README.md', '# 50-check\n\nChecks.\n')
    await bench.plugin('post-stage/50-check/host_run.sh', '#!/bin/sh\necho not good >&2\nexit 1\n')
    await bench.plugin('post-stage/90-bye/README.md', '# 90-bye\n\nSays bye.\n')
    await bench.plugin('post-stage/90-bye/host_run.sh', `#!/bin/sh\ncp "$CVM_REPORT" "${bench.root}/report"\n`)
    await bench.guest(aGoodGuest())

    const { code, stderr } = await bench.run([])

    expect(code).toBe(8)
    expect(stderr).toMatch(/error\[POST_SCRIPT_FAILED\] 50-check: host_run\.sh exited 1/)
    expect(bench.listing().dir.filter((name) => name.startsWith('output.qcow2'))).toEqual([])
    const report = JSON.parse(readFileSync(join(bench.root, 'report'), 'utf8'))
    expect(report.checks.map((check: { name: string }) => check.name)).toContain('sealed')
  })

  it.concurrent('that damages the image keeps it from being published too', async () => {
    await using bench = await aBench()
    await bench.plugin('post-stage/50-check/README.md', '# 50-check\n\nChecks.\n')
    await bench.plugin('post-stage/50-check/host_run.sh', '#!/bin/sh\n: >"$GUEST_IMG"\n')

    const { code } = await bench.run([])

    expect(code).toBe(8)
    expect(bench.listing().dir).toHaveLength(2)
  })
})

function payload(bench: Bench): readonly string[] {
  return execFileSync('tar', ['-tf', join(bench.bin, 'calls', `${domain(bench)}.payload.tar`)])
    .toString()
    .trimEnd()
    .split('\n')
}

function seed(bench: Bench, name: string): string {
  return bench.calls(`${domain(bench)}.${name}`)
}

function domain(bench: Bench): string {
  const args = bench.boots()[0]?.args ?? []
  return args[args.indexOf('--name') + 1] ?? ''
}

describe('what a plugin brings', () => {
  it.concurrent("is shown to this host's cloud-init, which refuses a runcmd that is no list, with exit 5", async () => {
    await using bench = await aBench()
    await rm(join(bench.root, 'bin', 'cloud-init'))
    const merge =
      'merge_how:\n  - {name: list, settings: [append]}\n  - {name: dict, settings: [no_replace, recurse_list]}\n'
    await bench.plugin(
      'pre-stage/10-hello/cloud-init/cloud-config/10-odd.yaml',
      `#cloud-config\n${merge}swap: {size: [nonsense]}\n`,
    )

    const refused = await bench.run([])

    expect(refused.code, refused.stderr).toBe(5)
    expect(refused.stderr).toMatch(/error\[USER_DATA_INVALID\].*10-odd\.yaml[\s\S]*cloud-init schema: .*--no-schema/)
    expect((await bench.run(['--no-schema', '--dry-run'])).code).toBe(0)
  })

  it.concurrent('may not be world-writable with --strict', async () => {
    await using bench = await aBench()
    await bench.plugin('pre-stage/10-hello/files/srv/open', 'x')
    await chmod(join(bench.plugins, 'pre-stage/10-hello/files/srv/open'), 0o666)

    const refused = await bench.run(['--strict'])

    expect(refused.code, refused.stderr).toBe(5)
    expect(refused.stderr).toContain('world-writable')
    expect((await bench.run(['--dry-run'])).code).toBe(0)
  })
})
