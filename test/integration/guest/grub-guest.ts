import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { grubWishesText } from '../../../src/guest/grub-wishes.js'
import { runTool } from '../../../src/host/run-tool.js'
import type { GrubWishes } from '../../../src/model/manifest.js'
import { planGrub } from '../../../src/plugins/manifest/grub-plan.js'
import { aPlugin } from '../../fixtures/builders.js'

const SCRIPTS = new URL('../../../cloud-init/guest/', import.meta.url).pathname
const MKCONFIG = new URL('../../fixtures/grub/grub-mkconfig', import.meta.url).pathname

/** A directory that stands for a guest, with grub's own programs played; the scripts under test are the real ones. */
export interface GrubGuest extends AsyncDisposable {
  readonly root: string
  /** What plugins want, one each, by their plan of the host; then settings, grub-mkconfig and check, as in a run. */
  apply(...wishes: readonly Partial<GrubWishes>[]): Promise<Applied>
  /** One of the three alone, with the wishes of the last `apply`. */
  run(script: 'grub-settings' | 'grub-mkconfig' | 'grub-check'): Promise<Applied>
  read(path: string): Promise<string>
  list(path: string): Promise<readonly string[]>
}

export interface Applied {
  readonly code: number | undefined
  /** All that the scripts have printed, by line. */
  readonly said: readonly string[]
  /** The arguments of each kernel entry of grub.cfg, behind `ro`. */
  readonly entries: readonly string[]
}

export interface GuestKind {
  /** Its grub reads /etc/default/grub.d. */
  readonly dropIns: boolean
  readonly files: Readonly<Record<string, string>>
}

export async function grubGuest({ dropIns, files }: GuestKind): Promise<GrubGuest> {
  const base = await mkdtemp(join(tmpdir(), 'cvm-grub-'))
  const root = join(base, 'root')
  const bin = join(base, 'bin')
  const config = join(root, 'boot', dropIns ? 'grub' : 'grub2', 'grub.cfg')
  for (const dir of [dirname(config), 'etc/default', 'var/lib/cvm-image-rewriter']) {
    await mkdir(resolve(root, dir), { recursive: true })
  }
  for (const [path, text] of Object.entries(files)) await put(join(root, path), text)
  const mkconfig = await readFile(MKCONFIG, 'utf8')
  const plain = mkconfig.replace(/^# NO_DROP_INS[\s\S]*^# END_DROP_INS$/m, '').replace('/boot/grub/', '/boot/grub2/')
  await program(join(bin, dropIns ? 'grub-mkconfig' : 'grub2-mkconfig'), dropIns ? mkconfig : plain)
  await program(join(bin, 'cvm-note'), '#!/bin/sh\necho "note: $*"\n')
  await program(join(bin, 'grub2-editenv'), EDITENV)
  const env = { PATH: `${bin}:/usr/bin:/bin`, ROOT: root }

  const call = async (script: string): Promise<Omit<Applied, 'entries'>> => {
    const own = script !== 'grub-mkconfig'
    const tool = own ? '/bin/sh' : join(bin, dropIns ? 'grub-mkconfig' : 'grub2-mkconfig')
    const args = own ? [join(SCRIPTS, `${script}.sh`), root] : []
    const { exitCode, stdout, stderr } = await runTool({ tool, args, env }, { timeoutMs: 30_000 })
    return { code: exitCode, said: `${stdout}${stderr}`.split('\n').filter((line) => line !== '') }
  }
  const entries = async () => {
    const text = await readFile(config, 'utf8').catch(() => '')
    return [...text.matchAll(/^\tlinux\t\/boot\/vmlinuz\S* root=\S+ ro (.*)$/gm)].map(([, words = '']) => words)
  }
  const run = async (script: string) => ({ ...(await call(script)), entries: await entries() })
  return {
    root,
    run,
    apply: async (...wishes) => {
      await writeFile(join(root, 'var/lib/cvm-image-rewriter/grub-wishes'), wishesText(wishes))
      const said: string[] = []
      for (const script of ['grub-settings', 'grub-mkconfig', 'grub-check']) {
        const step = await run(script)
        said.push(...step.said)
        if (step.code !== 0 || script === 'grub-check') return { ...step, said }
      }
      throw new Error('there is always a last step')
    },
    read: (path) => readFile(join(root, path), 'utf8'),
    list: async (path) => (await readdir(join(root, path))).sort(),
    [Symbol.asyncDispose]: () => rm(base, { recursive: true, force: true }),
  }
}

function wishesText(wishes: readonly Partial<GrubWishes>[]): string {
  const plugins = wishes.map((grub, index) => ({
    ...aPlugin({ name: `${10 + index}-wisher` }),
    manifest: {
      options: [],
      requires: { options: [], host: [], guest: [], before: [], after: [] },
      grub: { add: [], remove: [], modules: [], ...grub },
    },
  }))
  const { plan, problems } = planGrub(plugins, {})
  if (plan === undefined || problems.length > 0) throw new Error(`no plan: ${JSON.stringify(problems)}`)
  return grubWishesText(plan)
}

async function program(path: string, text: string): Promise<void> {
  await put(path, text)
  await chmod(path, 0o755)
}

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
}

/** grub2-editenv FILE set NAME=VALUE, for a file without padding. */
const EDITENV = `#!/bin/sh
set -eu
grep -v "^\${3%%=*}=" "$1" >"$1.new" || :
printf '%s\\n' "$3" >>"$1.new"
mv "$1.new" "$1"
`
