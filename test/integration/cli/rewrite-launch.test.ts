import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readLaunchFile } from '../../../src/stages/launch-file.js'
import { aBench, type Bench } from './rewrite-bench.js'
import { runCli } from './run-cli.js'

const LAUNCH = 'output.launch.json'
const written = (bench: Bench) => JSON.parse(readFileSync(bench.at(LAUNCH), 'utf8'))

describe('a rewrite that wants something of the launch', () => {
  it.concurrent('writes output.launch.json with the wishes of plugins and of --launch, and where each is from', async () => {
    await using bench = await aBench()
    await bench.plugin(
      'pre-stage/20-big/plugin.yaml',
      'options: { CPUS: { type: integer, default: 2 } }\nvm: { vcpus: $CPUS, memory: 4G }\nlaunch-identity: { host-data: "json:cfg.json" }\n',
    )
    await bench.plugin('pre-stage/20-big/cfg.json', '{ "b": 1, "a": 2 }', 0o644)
    await writeFile(bench.at('launch.yaml'), 'tee: snp\nvm: { memory: 8G, network: { forward: [2222:22] } }\n')

    const { code, stdout, stderr } = await bench.run(['--json', '--launch', 'launch.yaml'])

    expect(code, stderr).toBe(0)
    const hostData = createHash('sha256').update('{"a":2,"b":1}').digest('hex')
    const document = written(bench)
    expect(document).toEqual({
      image: 'output.qcow2',
      tee: 'snp',
      vm: { vcpus: 2, memory: '8G', network: { forward: ['2222:22'] } },
      'launch-identity': { 'host-data': hostData },
      origins: {
        tee: 'launch.yaml',
        'vm.vcpus': '20-big/plugin.yaml',
        'vm.memory': 'launch.yaml',
        'vm.network.forward': 'launch.yaml',
        'launch-identity.host-data': '20-big/plugin.yaml',
      },
      'made-from': {
        'launch-identity.host-data': `SHA-256 of the 13 bytes of ${bench.plugins}/pre-stage/20-big/cfg.json in canonical form (RFC 8785)`,
      },
    })
    const sha256 = createHash('sha256')
      .update(readFileSync(bench.at(LAUNCH)))
      .digest('hex')
    expect(JSON.parse(stdout).launch).toEqual({ path: bench.at(LAUNCH), sha256, document })
    const { image, wishes } = await readLaunchFile(bench.at(LAUNCH))
    expect(image).toBe(bench.at('output.qcow2'))
    expect(wishes).toMatchObject({ tee: 'snp', vcpus: 2, memoryMiB: 8192, hostData })
    expect(bench.listing().dir).toEqual(['guest.qcow2', 'launch.yaml', LAUNCH, 'output.qcow2', 'output.report.json'])
  })

  it.concurrent('takes an identity from a file that a host script writes, and names it as its author knows it', async () => {
    await using bench = await aBench()
    await bench.plugin('pre-stage/20-key/plugin.yaml', 'launch-identity: { mrowner: "file:made.txt" }\n')
    await bench.plugin('pre-stage/20-key/host_run.sh', '#!/bin/sh\nprintf secretless > "$CVM_PLUGIN_DIR/made.txt"\n')

    const { code, stdout, stderr } = await bench.run([])

    expect(code, stderr).toBe(0)
    expect(stdout).toMatch(/^ +launch +\S+output\.launch\.json$/m)
    const { 'launch-identity': identity, 'made-from': made } = written(bench)
    expect(identity.mrowner).toBe(createHash('sha384').update('secretless').digest('hex'))
    expect(made['launch-identity.mrowner']).toBe(
      `SHA-384 of the 10 bytes of ${bench.plugins}/pre-stage/20-key/made.txt`,
    )
  })

  it.concurrent('is told after the host scripts when the file was not written, with its place', async () => {
    await using bench = await aBench()
    await bench.plugin('pre-stage/20-key/plugin.yaml', 'launch-identity:\n  mrowner: file:made.txt\n')
    await bench.plugin('pre-stage/20-key/host_run.sh', '#!/bin/sh\ntrue\n')

    const { code, stderr } = await bench.run([])

    expect(code).toBe(5)
    expect(stderr).toContain(`${bench.plugins}/pre-stage/20-key/plugin.yaml:2:12`)
    expect(stderr).toContain('made.txt cannot be read')
    expect(bench.boots()).toEqual([])
    expect(existsSync(bench.at(LAUNCH))).toBe(false)
  })

  it.concurrent('is shown with --dry-run and by plugin list, and checked by plugin lint', async () => {
    await using bench = await aBench()
    await bench.plugin('pre-stage/20-big/plugin.yaml', 'vm: { vcpus: 4 }\nlaunch-identity: { mrowner: abcd }\n')

    const lint = await runCli(bench.plugins, ['plugin', 'lint', '--format', 'json'])
    const list = await runCli(bench.plugins, ['plugin', 'list'])
    expect(lint.code).toBe(5)
    expect(JSON.parse(lint.stdout).findings).toContainEqual(
      expect.objectContaining({ plugin: '20-big', line: 2, text: expect.stringContaining('48 are wanted') }),
    )
    expect(list.stdout).toContain('launch  vm.vcpus 4\n')

    await bench.plugin('pre-stage/20-big/plugin.yaml', 'vm: { vcpus: 4 }\n')
    const { stdout } = await bench.run(['--dry-run'])
    expect(JSON.parse(stdout).launch).toEqual({
      fromFile: [],
      settled: { wishes: { vcpus: 4 }, origins: { vcpus: '20-big/plugin.yaml' }, madeFrom: {} },
    })
  })

  it.concurrent('is refused before anything is done: two plugins that do not agree, a wrong file, an empty path', async () => {
    await using bench = await aBench()
    await bench.plugin('pre-stage/20-a/plugin.yaml', 'vm: { vcpus: 2 }\n')
    await bench.plugin('pre-stage/30-b/plugin.yaml', 'vm: { vcpus: 4 }\n')
    await writeFile(bench.at('bad.yaml'), 'vm: { vcpus: many }\n')

    const both = await bench.run([])
    expect(both.code).toBe(5)
    expect(both.stderr).toContain('20-a wants 2, 30-b wants 4')
    const bad = await bench.run(['--skip', '30-b', '--launch', 'bad.yaml'])
    expect(bad.code).toBe(2)
    expect(bad.stderr).toContain('error[LAUNCH_INVALID] bad.yaml:1:14')
    expect((await bench.run(['--launch', ''])).stderr).toContain('error[USAGE]')
    expect(bench.boots()).toEqual([])
  })
})

describe('output.launch.json of an earlier run', () => {
  it.concurrent('is in the way without --force, as the output is', async () => {
    await using bench = await aBench()
    await writeFile(bench.at(LAUNCH), '{}')

    const { code, stderr } = await bench.run([])

    expect(code).toBe(2)
    expect(stderr).toContain(`error[OUTPUT_EXISTS] ${bench.at(LAUNCH)} is already there`)
    expect(readFileSync(bench.at(LAUNCH), 'utf8')).toBe('{}')
  })

  it.concurrent('is removed with --force by a run that wants nothing, and replaced by one that does', async () => {
    await using bench = await aBench()
    await writeFile(bench.at(LAUNCH), '{}')

    expect((await bench.run(['--force'])).code).toBe(0)
    expect(existsSync(bench.at(LAUNCH))).toBe(false)

    await bench.plugin('pre-stage/20-a/plugin.yaml', 'vm: { vcpus: 2 }\n')
    await writeFile(bench.at(LAUNCH), '{}')
    expect((await bench.run(['--force'])).code).toBe(0)
    expect(written(bench).vm).toEqual({ vcpus: 2 })
  })

  it.concurrent('stays as it is when a run with --force fails', async () => {
    await using bench = await aBench()
    await writeFile(bench.at(LAUNCH), '{}')
    await bench.plugin('post-stage/90-no/host_run.sh', '#!/bin/sh\nexit 1\n')

    expect((await bench.run(['--force'])).code).not.toBe(0)
    expect(readFileSync(bench.at(LAUNCH), 'utf8')).toBe('{}')
  })

  it.concurrent('is refused when it is a link or a directory', async () => {
    await using bench = await aBench()
    await symlink('elsewhere.json', join(bench.dir, LAUNCH))

    const { stderr } = await bench.run(['--force'])

    expect(stderr).toContain('error[OUTPUT_UNWRITABLE] the launch file of the output is a link')
  })
})
