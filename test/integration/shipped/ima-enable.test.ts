import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { link, mkdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runTool } from '../../../src/host/run-tool.js'
import { copyOfPlugin } from './host-script.js'

const PLUGIN = 'pre-stage/98-ima-enable-simple'
const DROP_IN = 'files/etc/default/grub.d/98-ima.cfg'

describe('98-ima-enable-simple on the host', () => {
  it.each([
    [{}, 'log'],
    [{ IMA_APPRAISE: 'log' }, 'log'],
    [{ IMA_APPRAISE: 'enforce' }, 'enforce'],
  ])('with %o adds its arguments behind those of the user', async (env, mode) => {
    await using plugin = await copyOfPlugin(PLUGIN)

    const { exitCode, said } = await plugin.run(env)

    expect(exitCode).toBe(0)
    expect(said).toBe(`appraisal mode ${mode}\n`)
    const { stdout } = await runTool({
      tool: 'sh',
      args: [
        '-c',
        'GRUB_CMDLINE_LINUX_DEFAULT="quiet console=ttyS0"; . "$1"; echo "$GRUB_CMDLINE_LINUX_DEFAULT"',
        'sh',
        join(plugin.dir, DROP_IN),
      ],
    })
    expect(stdout).toBe(`quiet console=ttyS0 ima_appraise=${mode} ima_hash=sha256\n`)
  })

  it.each(['fix', 'off', 'enforce init=/bin/sh', '"; reboot; "'])('refuses IMA_APPRAISE=%s', async (mode) => {
    await using plugin = await copyOfPlugin(PLUGIN)

    const { exitCode, said } = await plugin.run({ IMA_APPRAISE: mode })

    expect(exitCode).toBe(1)
    expect(said).toContain('must be log or enforce')
    await expect(readFile(join(plugin.dir, DROP_IN))).rejects.toThrow('ENOENT')
  })
})

describe('ima-label.py', () => {
  it.skipIf(!labelsCanBeWritten())(
    'labels each regular file once with its digest, and leaves a right label alone (security.* attributes take root)',
    async () => {
      await using plugin = await copyOfPlugin(PLUGIN)
      const top = join(plugin.scratch, 'top')
      await mkdir(join(top, 'below it'), { recursive: true })
      // The lengths are those where reading in pieces of 1 MiB could go wrong.
      const contents = [
        Buffer.alloc(0),
        Buffer.from('x'),
        ...[-1, 0, 1].map((more) => Buffer.alloc((1 << 20) + more, 7)),
      ]
      for (const [index, content] of contents.entries()) await writeFile(join(top, 'below it', `${index}`), content)
      await link(join(top, 'below it/1'), join(top, 'again'))
      const outside = join(plugin.scratch, 'outside')
      await writeFile(outside, 'not below')
      await symlink(outside, join(top, 'link'))

      const said = label(plugin.dir, [top, '/no/such/directory'])

      expect(said).toMatch(/^5 files labelled; this took \d+ s\n$/)
      for (const [index, content] of contents.entries()) {
        expect(labelOf(join(top, 'below it', `${index}`))).toBe(
          `0404${createHash('sha256').update(content).digest('hex')}`,
        )
      }
      expect(labelOf(outside)).toBe('')
    },
  )

  it.skipIf(!labelsCanBeWritten())('writes a wrong label anew (security.* attributes take root)', async () => {
    await using plugin = await copyOfPlugin(PLUGIN)
    const top = join(plugin.scratch, 'top')
    await mkdir(top)
    await writeFile(join(top, 'file'), 'first')
    label(plugin.dir, [top])
    await writeFile(join(top, 'file'), 'second')

    label(plugin.dir, [top])

    expect(labelOf(join(top, 'file'))).toBe(`0404${createHash('sha256').update('second').digest('hex')}`)
  })

  it.skipIf(!labelsCanBeWritten())(
    'takes up what changed or came since an earlier pass, and opens nothing else (security.* attributes take root)',
    async () => {
      await using plugin = await copyOfPlugin(PLUGIN)
      const top = join(plugin.scratch, 'top')
      const memory = ['--remember', join(plugin.scratch, 'memory')]
      await mkdir(top)
      for (const name of ['same', 'changed', 'back-dated']) await writeFile(join(top, name), 'first')
      const long = new Date(Date.now() - 3_600_000)
      for (const name of ['same', 'changed', 'back-dated']) await utimes(join(top, name), long, long)
      label(plugin.dir, [...memory, top])
      await writeFile(join(top, 'changed'), 'second')
      await writeFile(join(top, 'back-dated'), 'other')
      await utimes(join(top, 'back-dated'), long, long)
      await writeFile(join(top, 'new'), 'third')

      const said = label(plugin.dir, [...memory, top])

      expect(said).toContain("4 files labelled, 1 of them beside the initrd's rebuild")
      for (const [name, content] of [
        ['same', 'first'],
        ['changed', 'second'],
        ['back-dated', 'other'],
        ['new', 'third'],
      ] as const) {
        expect(labelOf(join(top, name))).toBe(`0404${createHash('sha256').update(content).digest('hex')}`)
      }
    },
  )

  it.skipIf(!labelsCanBeWritten())(
    'does not take a file for known that was written moments before its label (security.* attributes take root)',
    async () => {
      await using plugin = await copyOfPlugin(PLUGIN)
      const top = join(plugin.scratch, 'top')
      const memory = ['--remember', join(plugin.scratch, 'memory')]
      await mkdir(top)
      await writeFile(join(top, 'young'), 'first')

      label(plugin.dir, [...memory, top])

      expect(await readFile(join(plugin.scratch, 'memory'), 'utf8')).toBe('')
    },
  )
})

function label(dir: string, tops: readonly string[]): string {
  const program = join(dir, 'files/usr/share/cvm-image-rewriter/ima-label.py')
  return execFileSync('python3', ['-I', '-S', '-B', program, ...tops], { encoding: 'utf8' })
}

/** In hex; empty when there is none. */
function labelOf(path: string): string {
  return python(
    'import os,sys\ntry: print(os.getxattr(sys.argv[1],"security.ima").hex(),end="")\nexcept OSError: pass',
    path,
  )
}

function labelsCanBeWritten(): boolean {
  const code =
    'import os,tempfile\nf=tempfile.NamedTemporaryFile()\ntry: os.setxattr(f.name,"security.ima",b"\\4\\4"+bytes(32)); print("yes")\nexcept OSError: print("no")'
  return python(code).trim() === 'yes'
}

function python(code: string, ...args: readonly string[]): string {
  return execFileSync('python3', ['-I', '-c', code, ...args], { encoding: 'utf8' })
}
