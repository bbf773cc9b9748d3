import { execFileSync } from 'node:child_process'
import { chmod, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { runTool } from '../../../src/host/run-tool.js'

const SCRIPTS = new URL('../../../cloud-init/guest', import.meta.url).pathname

/** The root directory of a guest, in which the real scripts of the kind ima run. */
export interface ImaGuest extends AsyncDisposable {
  readonly root: string
  at(path: string): string
  write(path: string, content: string | Uint8Array, mode?: number): Promise<void>
  /** Lines of the wishes: kind, word and who, with blanks between them. */
  wish(...lines: readonly string[]): Promise<void>
  /** Puts a program before those of this machine. */
  program(name: string, body: string): Promise<void>
  /** From now on PATH has those above, and of this machine's programs only the given ones. */
  onlyPrograms(...names: readonly string[]): Promise<void>
  /** Runs a script of cloud-init/guest; gives its exit code and all that it printed. */
  run(script: string, ...args: readonly string[]): Promise<{ exitCode: number | undefined; lines: readonly string[] }>
}

/** `systemctl` says that it has IMA, cvm-note and cvm-beside print what they are given. */
export async function anImaGuest(): Promise<ImaGuest> {
  const scratch = await mkdtemp(join(tmpdir(), 'cvm-ima-'))
  const root = join(scratch, 'root')
  const bin = join(scratch, 'bin')
  const dir = join(root, 'var/lib/cvm-image-rewriter')
  for (const each of [bin, dir, join(root, 'run'), join(root, 'etc')]) await mkdir(each, { recursive: true })
  for (const name of ['ima-label.py', 'ima-coverage.py']) await copyFile(join(SCRIPTS, name), join(dir, name))
  const program = async (name: string, body: string) => {
    await writeFile(join(bin, name), `#!/bin/sh\n${body}\n`)
    await chmod(join(bin, name), 0o755)
  }
  await program('systemctl', 'echo "systemd 257"; echo "+PAM +IMA +SMACK"')
  await program('cvm-note', 'echo "note: $*"')
  await program('cvm-beside', 'echo "beside: $*"')
  const at = (path: string) => join(root, path)
  const write = async (path: string, content: string | Uint8Array, mode = 0o644) => {
    await mkdir(dirname(at(path)), { recursive: true })
    await writeFile(at(path), content)
    await chmod(at(path), mode)
  }
  let path = `${bin}:${process.env['PATH'] ?? ''}`
  return {
    root,
    at,
    write,
    program,
    wish: async (...lines) =>
      await write(
        'var/lib/cvm-image-rewriter/ima-wishes',
        lines.map((line) => `${line.replace(/^(\S+) (.*) (\S+)$/, '$1\t$2\t$3')}\n`).join(''),
      ),
    onlyPrograms: async (...names) => {
      for (const name of names) await symlink(`/usr/bin/${name}`, join(bin, name))
      path = bin
    },
    run: async (script, ...args) => {
      const { exitCode, stdout, stderr } = await runTool({
        tool: '/bin/sh',
        args: [join(SCRIPTS, script), ...args],
        env: { PATH: path, HOME: process.env['HOME'] ?? '/' },
      })
      return { exitCode, lines: (stdout + stderr).trimEnd().split('\n') }
    },
    [Symbol.asyncDispose]: async () => await rm(scratch, { recursive: true }),
  }
}

/** The label of a file in hex; empty when there is none. */
export function labelOf(path: string): string {
  return python(
    'import os,sys\ntry: print(os.getxattr(sys.argv[1],"security.ima").hex(),end="")\nexcept OSError: pass',
    path,
  )
}

/** Puts a label on a file, given in hex. */
export function putLabel(path: string, hex: string): void {
  python('import os,sys; os.setxattr(sys.argv[1],"security.ima",bytes.fromhex(sys.argv[2]))', path, hex)
}

/** security.* attributes take root, and a file system that has them. */
export function labelsCanBeWritten(): boolean {
  const code =
    'import os,tempfile\nf=tempfile.NamedTemporaryFile()\ntry: os.setxattr(f.name,"security.ima",b"\\4\\4"+bytes(32)); print("yes")\nexcept OSError: print("no")'
  return python(code).trim() === 'yes'
}

function python(code: string, ...args: readonly string[]): string {
  return execFileSync('python3', ['-I', '-c', code, ...args], { encoding: 'utf8' })
}
