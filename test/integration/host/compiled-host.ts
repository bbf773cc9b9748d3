import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/** Compiles src/host and src/model into `dir`, for tests that need a Node process of their own; returns the host folder. */
export async function compileHost(dir: string): Promise<string> {
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext }
  for (const folder of ['host', 'model']) {
    await mkdir(join(dir, folder))
    for (const name of await readdir(join(ROOT, 'src', folder))) {
      const source = await readFile(join(ROOT, 'src', folder, name), 'utf8')
      const { outputText } = ts.transpileModule(source, { compilerOptions })
      await writeFile(join(dir, folder, name.replace(/\.ts$/, '.js')), outputText)
    }
  }
  await writeFile(join(dir, 'package.json'), '{"type":"module"}')
  await symlink(join(ROOT, 'node_modules'), join(dir, 'node_modules'))
  return join(dir, 'host')
}

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')
