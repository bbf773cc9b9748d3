import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { findTool } from '../../../src/host/find-tool.js'
import { runTool } from '../../../src/host/run-tool.js'

const SCRIPTS = new URL('../../../cloud-init/guest', import.meta.url).pathname

/** A directory that stands for a guest's root, in which the initrd's scripts find nothing but what a test puts there. */
export interface InitrdGuest extends AsyncDisposable {
  readonly root: string
  at(path: string): string
  /** Writes files with the directories above them; a path that ends with `/` is a directory, `{ to }` a link. */
  has(entries: Readonly<Record<string, string | { readonly to: string }>>): Promise<void>
  /** Puts a program into its PATH. */
  program(name: string, body: string): Promise<void>
  read(path: string): Promise<string>
  /** Lines of the wishes: columns with one blank between them here; who asks is always 20-x. */
  wishes(lines: readonly (readonly [kind: string, word: string, ...more: string[]])[]): Promise<void>
  settings(): Promise<Ending>
  check(): Promise<Ending>
}

export interface Ending {
  readonly exitCode: number | undefined
  readonly said: string
}

export const STATE = 'var/lib/cvm-image-rewriter'

/** What every guest has. Everything else, dracut and its like above all, is there only when a test says so. */
const TOOLS = [
  ...['sh', 'awk', 'sed', 'grep', 'find', 'sort', 'tr', 'cat', 'cp', 'rm', 'mkdir', 'chmod', 'dirname', 'mktemp'],
]

export async function anInitrdGuest(): Promise<InitrdGuest> {
  const top = await mkdtemp(join(tmpdir(), 'cvm-initrd-'))
  const [root, bin] = [join(top, 'root'), join(top, 'bin')]
  await mkdir(bin)
  for (const name of TOOLS) await symlink((await findTool(name)) ?? `/usr/bin/${name}`, join(bin, name))
  const guest: InitrdGuest = {
    root,
    at: (path) => join(root, path),
    has: async (entries) => {
      for (const [path, content] of Object.entries(entries)) {
        const at = join(root, path)
        await mkdir(path.endsWith('/') ? at : dirname(at), { recursive: true })
        if (path.endsWith('/')) continue
        if (typeof content === 'string') await writeFile(at, content)
        else await symlink(content.to, at)
      }
    },
    program: async (name, body) => {
      await writeFile(join(bin, name), `#!/bin/sh\n${body}\n`)
      await chmod(join(bin, name), 0o755)
    },
    read: async (path) => await readFile(join(root, path), 'utf8'),
    wishes: async (lines) => {
      const text = lines.map(([kind, word, ...more]) => `${[kind, word, '20-x', ...more].join('\t')}\n`).join('')
      await guest.has({ [`${STATE}/initrd-wishes`]: text })
    },
    settings: async () => await run('initrd-settings.sh'),
    check: async () => await run('initrd-check.sh'),
    [Symbol.asyncDispose]: () => rm(top, { recursive: true, force: true }),
  }
  const run = async (script: string): Promise<Ending> => {
    const call = { tool: 'sh', args: [join(SCRIPTS, script), root], env: { PATH: bin } }
    const { exitCode, stdout, stderr } = await runTool(call)
    return { exitCode, said: stdout + stderr }
  }
  await guest.has({ [`${STATE}/`]: '' })
  await guest.program('cvm-note', 'echo "note: $*"')
  await guest.program('modinfo', FAKE_MODINFO)
  return guest
}

/** `modinfo -b ROOT -k VERSION -F filename NAME`: lines of the file `known` are names and their files. */
const FAKE_MODINFO = `while getopts b:k:F: option; do
	case $option in b) root=$OPTARG ;; k) version=$OPTARG ;; esac
done
shift $((OPTIND - 1))
sed -n "s/^$1 //p" "$root/lib/modules/$version/known" | grep .`
