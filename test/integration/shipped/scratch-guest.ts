import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { runTool } from '../../../src/host/run-tool.js'

const ROOT = new URL('../../..', import.meta.url).pathname

/** A directory that guest scripts take for the root of a guest. */
export interface ScratchGuest extends AsyncDisposable {
  readonly root: string
  at(path: string): string
  /** Writes a file, with the directories above it. */
  write(path: string, text: string, mode?: number): Promise<void>
  /** Makes a symbolic link, with the directories above it. */
  link(path: string, to: string): Promise<void>
  read(path: string): Promise<string>
  /** Runs a script, by its path in the project or an absolute one, with the root as its last argument. */
  run(
    script: string,
    options?: { readonly args?: readonly string[]; readonly env?: Readonly<Record<string, string>> },
  ): Promise<{ readonly exitCode: number | undefined; readonly said: string }>
}

/** `programs`: shell texts that stand in front of PATH under these names; cvm-note prints its words. */
export async function aScratchGuest(programs: Readonly<Record<string, string>> = {}): Promise<ScratchGuest> {
  const dir = await mkdtemp(join(tmpdir(), 'scratch-guest-'))
  const root = join(dir, 'root')
  const bin = join(dir, 'bin')
  await mkdir(root)
  await mkdir(bin)
  for (const [name, body] of Object.entries({ 'cvm-note': 'echo "note: $*"', ...programs })) {
    await writeFile(join(bin, name), `#!/bin/sh\n${body}\n`)
    await chmod(join(bin, name), 0o755)
  }
  const at = (path: string) => join(root, path)
  return {
    root,
    at,
    write: async (path, text, mode = 0o644) => {
      await mkdir(dirname(at(path)), { recursive: true })
      await writeFile(at(path), text)
      await chmod(at(path), mode)
    },
    link: async (path, to) => {
      await mkdir(dirname(at(path)), { recursive: true })
      await symlink(to, at(path))
    },
    read: async (path) => await readFile(at(path), 'utf8'),
    run: async (script, { args = [], env = {} } = {}) => {
      const { exitCode, stdout, stderr } = await runTool({
        tool: 'sh',
        args: [resolve(ROOT, script), ...args, root],
        env: { ...env, PATH: `${bin}:/usr/sbin:/usr/bin:/sbin:/bin` },
      })
      return { exitCode, said: stdout + stderr }
    },
    [Symbol.asyncDispose]: async () => await rm(dir, { recursive: true }),
  }
}
