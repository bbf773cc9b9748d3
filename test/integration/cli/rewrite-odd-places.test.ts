import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { aBench, type Bench, fingerprint, WITHOUT_MAKE_MIME } from './rewrite-bench.js'

/** What virt-install, QEMU and tar would each read as something else than a name. */
const ODD = [`a b,c:'"\\=#\n🥐`, '-U', ',,', '$(touch x);*']

describe('a run', () => {
  it.concurrent.each(ODD)('works on files and in a directory named %j', async (name) => {
    await using bench = await aBench()
    await mkdir(bench.at(name))
    await rename(bench.at('guest.qcow2'), bench.at(`${name}/${name}`))
    const before = fingerprint(bench.at(name))

    const { code, stderr } = await bench.run(['-i', `./${name}/${name}`, '-o', `./${name}/${name}.qcow2`, '-q'])

    expect({ code, stderr }).toEqual({ code: 0, stderr: WITHOUT_MAKE_MIME })
    expect(pathsOf(bench)).not.toEqual([])
    for (const path of pathsOf(bench)) expect(path).toMatch(/^[\w/.-]+$/)
    await rm(bench.at(`${name}/${name}.qcow2`))
    await rm(bench.at(`${name}/${name}.report.json`))
    expect(fingerprint(bench.at(name))).toBe(before)
    expect(bench.listing()).toEqual({ dir: [name], tmp: [] })
  })

  it.concurrent.each([
    ['is missing', '/nonexistent'],
    ['is no absolute path', 'tmp'],
    ['takes no files', '/proc'],
    ['has a comma in its name', undefined],
  ])('needs no TMPDIR: it goes on in /tmp when that %s', async (_, tmp) => {
    await using bench = await aBench()
    const odd = join(bench.root, 't,p')
    await mkdir(odd)

    const { code, stderr } = await bench.run(['-q'], { TMPDIR: tmp ?? odd })

    expect({ code, stderr }).toEqual({ code: 0, stderr: WITHOUT_MAKE_MIME })
  })

  it.concurrent('needs no home that can be written, nor plugins that can', async () => {
    await using bench = await aBench()
    execFileSync('chmod', ['-R', 'a-w', bench.plugins])

    // Not even root makes a directory in there.
    const { code, stderr } = await bench.run(['-q'], { HOME: '/dev/null/x', XDG_CACHE_HOME: '/dev/null/x' })

    expect({ code, stderr }).toEqual({ code: 0, stderr: WITHOUT_MAKE_MIME })
  })

  it.concurrent("makes the same files under any umask of its caller's", async () => {
    await using bench = await aBench()
    await bench.plugin(
      'pre-stage/10-hello/host_run.sh',
      '#!/bin/sh\nmkdir -p files/srv/made && echo x >files/srv/made/by-script\n',
    )
    const command = ['-c', 'umask 077; exec "$@"', 'sh', process.execPath, ...bench.commandLine([])]

    execFileSync('sh', command, { cwd: bench.dir, env: bench.environment(), stdio: 'pipe' })

    expect(['output.qcow2', 'output.report.json'].map((name) => statSync(bench.at(name)).mode & 0o777)).toEqual([
      0o644, 0o644,
    ])
    const [domain] = bench.boots().map(({ args }) => args[args.indexOf('--name') + 1])
    const list = execFileSync('tar', ['-tvf', join(bench.bin, 'calls', `${domain}.payload.tar`)]).toString()
    expect(list).toMatch(/^drwxr-xr-x .* srv\/made\/$/m)
    expect(list).toMatch(/^-rw-r--r-- .* srv\/made\/by-script$/m)
  })
})

describe('a disk that is full', () => {
  it.concurrent.each([
    ['tar', 'tar: payload.tar: Wrote only 2048 of 10240 bytes'],
    ['genisoimage', 'genisoimage: No space left on device. cannot fwrite 32768*1'],
  ])('is told as such when %s meets it, with exit 9', async (tool, words) => {
    await using bench = await aBench()
    await fake(bench, tool, `echo '${words}' >&2; exit 2`)

    const { code, stderr } = await bench.run([])

    expect(code).toBe(9)
    expect(stderr).toMatch(
      new RegExp(`error\\[NO_SPACE\\] .*${tool}[\\s\\S]* why: .*${words.slice(-12)}`.replace('*1', '\\*1')),
    )
    expect(bench.listing().dir).toEqual(['guest.qcow2', expect.stringMatching(/^output\.failed-/)])
    const report = readFileSync(bench.at(`${bench.listing().dir[1]}/report.json`), 'utf8')
    expect(JSON.parse(report)).toMatchObject({ error: { code: 'NO_SPACE' } })
  })
})

describe("a host's cloud-init that is broken", () => {
  it.concurrent.each([
    ['traceback', '#!/bin/sh\necho "Traceback (most recent call last):" >&2\necho oops >&2\nexit 1\n', 'oops'],
    ['missing interpreter', '#!/nonexistent\n', 'ENOENT'],
    ['death', '#!/bin/sh\nkill -9 $$\n', 'SIGKILL'],
    ['other words', '#!/bin/sh\necho hello\n', 'not a MIME bundle'],
  ])('(%s) costs a warning that says why, not the run', async (_, script, why) => {
    await using bench = await aBench()
    await writeFile(join(bench.bin, 'cloud-init'), script)
    const merge =
      'merge_how:\n  - {name: list, settings: [append]}\n  - {name: dict, settings: [no_replace, recurse_list]}\n'
    await bench.plugin('pre-stage/10-hello/cloud-init/cloud-config/10-x.yaml', `#cloud-config\n${merge}timezone: UTC\n`)

    const { code, stderr } = await bench.run(['-q'])

    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(
      /^warning cloud-init devel make-mime failed here; the bundle is written without it \(.*\)\n$/,
    )
    expect(stderr).toContain(why)
  })
})

/** Every path that virt-install was told. */
function pathsOf(bench: Bench): readonly string[] {
  const told = bench
    .boots()
    .flatMap(({ args }) => args.flatMap((arg) => /(?:^|,)(?:source\.)?path=(.*)$/s.exec(arg)?.[1] ?? []))
  return told.map((rest) => rest.split(/,(?:driver|device|source)\b/)[0] ?? '')
}

async function fake(bench: Bench, tool: string, script: string): Promise<void> {
  await writeFile(join(bench.bin, tool), `#!/bin/sh\n${script}\n`)
  await chmod(join(bench.bin, tool), 0o755)
}
