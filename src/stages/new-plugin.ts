import { lstatSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { makeScratch } from '../host/scratch.js'
import { CvmError } from '../model/errors.js'
import { newPluginName, optionPrefix, sameNumber, userName } from '../plugins/new-plugin-name.js'
import type { PluginName } from '../plugins/plugin-name.js'
import { holdsPlugins, ownSources } from './plugin-layout.js'
import { PACKAGE_DIR, sourceDirs } from './sources.js'

/** What a new plugin can begin as: a directory of src/plugins/templates each. */
export const PLUGIN_KINDS = ['script', 'files', 'rootfs', 'grub', 'initrd', 'ima'] as const
export type PluginKind = (typeof PLUGIN_KINDS)[number]

export interface NewPlugin {
  readonly name: string
  /** Absolute. */
  readonly dir: string
  /** Relative to it, in order. */
  readonly files: readonly string[]
  readonly notes: readonly string[]
}

/**
 * Writes a new plugin from a template, whole or not at all. Nothing that is there is overwritten.
 *
 * @throws {CvmError} USAGE for a name that is none or that is taken; IO_ERROR.
 */
export async function makePlugin(
  typed: string,
  kind: PluginKind,
  cwd: string,
  pluginsDir: string | undefined,
): Promise<NewPlugin> {
  const { dir: stageDir, isNew } = placeFor(cwd, pluginsDir)
  const taken = isNew ? [] : await readdir(stageDir)
  const named = newPluginName(typed, taken)
  if (named.kind === 'wrong') {
    throw new CvmError('USAGE', `${JSON.stringify(typed)} cannot be the name of a plugin`, {
      why: named.why,
      next: `Take another name: cvm-rewrite plugin new ${named.nearest ?? '20-hello'}`,
    })
  }
  const { name } = named
  const dir = join(stageDir, name.name)
  if (lstatSync(dir, { throwIfNoEntry: false }) !== undefined) {
    throw new CvmError('USAGE', `${name.name} is already in ${stageDir}`, {
      next: 'Take another name, or remove it first; nothing was touched.',
    })
  }
  await mkdir(stageDir, { recursive: true })
  const files = await writeWhole(kind, name, dir)
  const others = sameNumber(name, taken)
  return {
    name: name.name,
    dir,
    files,
    notes: [
      ...(named.numberChosen ? [`the number ${name.name.slice(0, 2)} was free; rename the directory to move it`] : []),
      ...(others.length === 0 ? [] : [`${others.join(', ')} has the same number; the order is by full name`]),
      ...(isNew
        ? [
            `${stageDir} is new: runs here take its plugins and no longer the shipped ones (cvm-rewrite init copies those)`,
          ]
        : []),
    ],
  }
}

/** The directory that a run would take plugins from; a new pre-stage/ where there is none of its own. */
function placeFor(cwd: string, pluginsDir: string | undefined): { readonly dir: string; readonly isNew: boolean } {
  const base = resolve(cwd, pluginsDir ?? '.')
  const own = ownSources(base)
  // It throws then, with the words that every command has for it.
  if (own === 'ambiguous') return { dir: sourceDirs(cwd, pluginsDir).preStage, isNew: false }
  if (own.preStage !== undefined) return { dir: own.preStage, isNew: false }
  if (holdsPlugins(base)) {
    throw new CvmError('USAGE', `${base} holds plugins itself`, {
      why: 'a pre-stage/ in it would be a second place for plugins',
      next: `Give the directory above it: --plugins ${dirname(base)}`,
    })
  }
  return { dir: join(base, 'pre-stage'), isNew: true }
}

/** Written beside and renamed, so that a run never reads half of a plugin. */
async function writeWhole(kind: PluginKind, name: PluginName, dir: string): Promise<readonly string[]> {
  const scratch = await makeScratch(dirname(dir), '.new', 0o700)
  try {
    const made = join(scratch.path, name.name)
    const words = wordsFor(name, dir)
    const from = join(TEMPLATES, kind)
    const paths = (await readdir(from, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => relative(from, join(entry.parentPath, entry.name)))
      .sort()
    const files: string[] = []
    for (const path of paths) {
      const to = filled(path, words)
      await mkdir(dirname(join(made, to)), { recursive: true, mode: 0o755 })
      await writeFile(join(made, to), filled(await readFile(join(from, path), 'utf8'), words))
      await chmod(join(made, to), to.endsWith('.sh') ? 0o755 : 0o644)
      files.push(to)
    }
    await rename(made, dir)
    return files
  } finally {
    await scratch.remove()
  }
}

function wordsFor(name: PluginName, dir: string): Readonly<Record<string, string>> {
  return {
    NAME: name.name,
    TITLE: name.title,
    OPTION: optionPrefix(name),
    USER: userName(name),
    SCHEMA: schemaFrom(dir),
  }
}

/** Where editors find what may stand in plugin.yaml: a short way inside of one project, else the installed package's own file. */
function schemaFrom(dir: string): string {
  const path = join(PACKAGE_DIR, 'docs', 'plugin.schema.json')
  return dir.startsWith(`${PACKAGE_DIR}/`) ? relative(dir, path) : path
}

/** @throws Error for a word that nobody knows: a mistake in a template. */
function filled(text: string, words: Readonly<Record<string, string>>): string {
  return text.replace(/__([A-Z]+)__/g, (_, word: string) => {
    const value = words[word]
    if (value === undefined) throw new Error(`__${word}__ stands in a template and means nothing`)
    return value
  })
}

const TEMPLATES = join(PACKAGE_DIR, 'src', 'plugins', 'templates')
