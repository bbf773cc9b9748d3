import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const SRC = fileURLToPath(new URL('../src', import.meta.url))
const ROW = ['plugins', 'guest', 'image', 'firmware', 'launch', 'measure', 'tools']

/** Who may import whom: imports point down only. A folder may always import itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  cli: ['stages', 'demo', ...ROW, 'host', 'model'],
  stages: [...ROW, 'host', 'model'],
  demo: ['tools', 'host', 'model'],
  plugins: ['host', 'model'],
  guest: ['host', 'model'],
  image: ['tools', 'host', 'model'],
  firmware: ['host', 'model'],
  launch: ['host', 'model'],
  measure: ['host', 'model'],
  tools: ['host', 'model'],
  host: ['model'],
  model: [],
}

/** Packages that only one folder may know. */
const HOME_OF_PACKAGE: Readonly<Record<string, readonly string[]>> = {
  commander: ['cli'],
  chalk: ['cli'],
  execa: ['host'],
  tmp: ['host'],
}

/** These are programs themselves. */
const MAY_PRINT = [/^cli\//, /^bench\//, /^host\/janitor-main\.ts$/]
const PRINTING = /\bconsole\.\w+\(|\bprocess\.(exit\b|exitCode\b|stdout\b|stderr\b)/

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .sort()

describe('the imports of src', () => {
  it('are looked at in every folder', () => {
    const folders = new Set(files.map(folderOf))

    expect(files.length).toBeGreaterThan(100)
    expect([...folders].filter((folder) => folder !== 'bench' && MAY_IMPORT[folder] === undefined)).toEqual([])
  })

  it('point down only', () => {
    const wrong = files
      .filter((file) => folderOf(file) !== 'bench')
      .flatMap((file) =>
        ownImports(file)
          .filter((to) => folderOf(to) !== folderOf(file) && !(MAY_IMPORT[folderOf(file)] ?? []).includes(folderOf(to)))
          .map((to) => `${file} imports ${to}`),
      )

    expect(wrong).toEqual([])
  })

  it('have no cycles', () => {
    const wrong = files.flatMap((file) => cycleFrom(file) ?? [])

    expect(wrong).toEqual([])
  })

  it('name a package only in the folder that is its home', () => {
    const wrong = files
      .filter((file) => folderOf(file) !== 'bench')
      .flatMap((file) =>
        packageImports(file)
          .filter((name) => !(HOME_OF_PACKAGE[name] ?? [folderOf(file)]).includes(folderOf(file)))
          .map((name) => `${file} imports ${name}`),
      )

    expect(wrong).toEqual([])
  })

  it('name no package that the program does not depend on', () => {
    const { dependencies } = JSON.parse(readFileSync(join(SRC, '..', 'package.json'), 'utf8'))
    const used = new Set(files.flatMap(packageImports))

    expect([...used].filter((name) => !(name in dependencies))).toEqual([])
    expect(Object.keys(dependencies).filter((name) => !used.has(name))).toEqual([])
  })
})

describe('code outside of src/cli', () => {
  it('prints nothing and ends no process', () => {
    const wrong = files
      .filter((file) => !MAY_PRINT.some((place) => place.test(file)))
      .flatMap((file) =>
        codeLines(file)
          .filter((line) => PRINTING.test(line))
          .map((line) => `${file}: ${line.trim()}`),
      )

    expect(wrong).toEqual([])
  })
})

describe('every file of src', () => {
  it('exports by name only', () => {
    expect(files.filter((file) => /^export default/m.test(readFileSync(join(SRC, file), 'utf8')))).toEqual([])
  })
})

function folderOf(file: string): string {
  return file.split('/')[0] ?? ''
}

function specifiers(file: string): readonly string[] {
  return ts.preProcessFile(readFileSync(join(SRC, file), 'utf8')).importedFiles.map((each) => each.fileName)
}

/** Files of src that a file imports, dynamic imports included. */
function ownImports(file: string): readonly string[] {
  return specifiers(file)
    .filter((to) => to.startsWith('.'))
    .map((to) => relative(SRC, join(SRC, dirname(file), to)).replace(/\.js$/, '.ts'))
}

function packageImports(file: string): readonly string[] {
  return specifiers(file)
    .filter((to) => !to.startsWith('.') && !to.startsWith('node:') && !builtinModules.includes(to))
    .map((to) => to.split('/')[0] ?? to)
}

/** The shortest way from a file back to itself. */
function cycleFrom(start: string): string | undefined {
  const seen = new Set<string>()
  const ways = importsThatBind(start).map((to) => [start, to])
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    const here = way.at(-1) ?? ''
    if (here === start) return way.join(' → ')
    if (seen.has(here)) continue
    seen.add(here)
    for (const to of importsThatBind(here)) ways.push([...way, to])
  }
  return undefined
}

/** Imports that remain when types are erased, at load time: a dynamic import waits until both sides are there. */
function importsThatBind(file: string): readonly string[] {
  const text = readFileSync(join(SRC, file), 'utf8')
  return [...text.matchAll(/^(?:import|export)\s(?!type\b)[^'"]*?from '(\.[^']*)'/gm)].map(([, to = '']) =>
    relative(SRC, join(SRC, dirname(file), to)).replace(/\.js$/, '.ts'),
  )
}

/** The code alone: the compiler knows better than a regular expression what is a comment. */
function codeLines(file: string): readonly string[] {
  const text = readFileSync(join(SRC, file), 'utf8')
  if (!PRINTING.test(text)) return []
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, removeComments: true }
  return ts.transpileModule(text, { compilerOptions }).outputText.split('\n')
}
