import { relative } from 'node:path'
import { printable } from '../guest/printable.js'
import { makePlugin, type NewPlugin, type PluginKind } from '../stages/new-plugin.js'
import { colour } from './colours.js'
import { complain } from './complain.js'

export interface PluginNewOptions {
  readonly kind: PluginKind
  readonly plugins?: string
}

/** cvm-rewrite plugin new: a plugin that works, to be changed. */
export async function pluginNew(typed: string, { kind, plugins }: PluginNewOptions): Promise<number> {
  try {
    process.stdout.write(newText(await makePlugin(typed, kind, process.cwd(), plugins), plugins))
    return 0
  } catch (error) {
    return await complain(error, false)
  }
}

function newText({ name, dir, files, notes }: NewPlugin, plugins: string | undefined): string {
  const near = relative(process.cwd(), dir)
  const shown = printable(near.startsWith('..') ? dir : near)
  const where = plugins === undefined ? '' : ` --plugins ${plugins}`
  return [
    `${colour.green.bold('made')} ${shown}/\n`,
    ...files.map((file) => `  ${printable(file)}\n`),
    ...notes.map((note) => `${colour.cyan('note')} ${printable(note)}\n`),
    `\nnext: cvm-rewrite plugin lint${plugins === undefined ? '' : ` ${plugins}`}\n`,
    `      cvm-rewrite plugin test ${name}${where}\n`,
    `      cvm-rewrite -i guest.qcow2 --only ${name}${where}\n`,
  ].join('')
}
