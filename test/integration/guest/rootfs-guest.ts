import { chmod, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { rootfsWishesText } from '../../../src/guest/rootfs-wishes.js'
import { runTool } from '../../../src/host/run-tool.js'
import type { RootfsPlan } from '../../../src/model/wishes.js'
import { aRootfsPlan } from '../../fixtures/rootfs.js'

/** What every guest has; nothing of a package manager. */
const BASIC = [
  ...['sh', 'awk', 'cat', 'cut', 'grep', 'head', 'paste', 'rm', 'sed', 'sort', 'stat', 'tail', 'tr', 'wc'],
  ...['chgrp', 'chmod', 'chown', 'comm', 'find', 'ln', 'ls', 'mkdir', 'mktemp', 'readlink', 'rmdir'],
]
const SCRIPTS = new URL('../../../cloud-init/guest/', import.meta.url).pathname

/** A scratch directory that stands for a guest's /, and programs that stand for the guest's. */
export interface RootfsGuest extends AsyncDisposable {
  readonly root: string
  /** Of debian, and of the group tdx. */
  readonly uid: number
  readonly gid: number
  /** Runs one of the real rootfs-*.sh on it with a plan's wishes; what it printed, notes among it, without the scratch directory's name. */
  run(
    script: string,
    wishes?: Partial<RootfsPlan>,
    programs?: 'only its own programs',
  ): Promise<{ readonly code: number | undefined; readonly out: string }>
  put(path: string, text: string, mode?: number): Promise<string>
  read(path: string): Promise<string>
  /** Puts a program in front of all others; `$ROOT` is the guest's /. */
  program(name: string, text: string): Promise<string>
}

/** With the user debian, the group tdx, and nothing else. */
export async function aRootfsGuest(): Promise<RootfsGuest> {
  const root = await mkdtemp(join(tmpdir(), 'cvm-rootfs-'))
  // Somebody else, where we can give files away.
  const [uid, gid] = process.getuid?.() === 0 ? [4242, 4243] : [process.getuid?.() ?? 0, process.getgid?.() ?? 0]
  const at = (path: string) => join(root, path)
  const put = async (path: string, text: string, mode = 0o644) => {
    await mkdir(dirname(at(path)), { recursive: true })
    await writeFile(at(path), text)
    await chmod(at(path), mode)
    return at(path)
  }
  const program = (name: string, text: string) => put(`bin/${name}`, `#!/bin/sh\n${text}\n`, 0o755)
  await put('etc/passwd', `debian:x:${uid}:${gid}:Debian:/home/debian:/bin/bash\n`)
  await put('etc/group', `tdx:x:${gid}:\ndebian:x:${gid}:debian\n`)
  await put('etc/shadow', 'debian:!:20000::::::\n')
  await mkdir(at('home/debian'), { recursive: true })
  await mkdir(at('usr/bin'), { recursive: true })
  await put('bin/bash', '', 0o755)
  await mkdir(at('var/lib/cvm-image-rewriter'), { recursive: true })
  await program('getent', 'grep "^$2:" "$ROOT/etc/$1"')
  await program('id', 'sed -n "s/^\\([^:]*\\):.*[:,]$3\\(,.*\\)\\{0,1\\}\\$/\\1/p" "$ROOT/etc/group" | paste -s -d " "')
  await program('groupadd', 'echo "$1:x:4711:" >>"$ROOT/etc/group"')
  await program(
    'usermod',
    'case $1 in -a) sed -i "s/^$3:.*/&,$4/; s/:,/:/" "$ROOT/etc/group" ;; -s) sed -i "/^$3:/s,[^:]*\\$,$2," "$ROOT/etc/passwd" ;; esac',
  )
  await program('cvm-note', 'echo "note: $*"')
  const env = { ROOT: root, PATH: `${at('bin')}:/usr/sbin:/usr/bin:/sbin:/bin` }
  return {
    root,
    uid,
    gid,
    put,
    program,
    read: (path) => readFile(at(path), 'utf8'),
    run: async (script, wishes, programs) => {
      if (wishes !== undefined)
        await put('var/lib/cvm-image-rewriter/rootfs-wishes', rootfsWishesText(aRootfsPlan(wishes)))
      if (programs !== undefined)
        for (const name of BASIC) await symlink(await realpath(`/usr/bin/${name}`), at(`bin/${name}`)).catch(() => {})
      const path = programs === undefined ? env.PATH : at('bin')
      const call = { tool: join(SCRIPTS, script), args: [root], env: { ...env, PATH: path } }
      const { exitCode, stdout, stderr } = await runTool(call, { timeoutMs: 30_000 })
      return { code: exitCode, out: (stdout + stderr).replaceAll(root, '') }
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  }
}
