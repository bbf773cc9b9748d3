import type { ScriptFile } from '../model/plugin.js'
import { type Findings, type PluginLocation, problem, readFileIfThere } from './plugin-files.js'
import { missingInterpreter, readShebang } from './script-file.js'
import { checkShellPart } from './shell-part.js'
import { reasonOf } from './tree-listing.js'

/** `host_run.sh` and `guest_run.sh` of a stage; each may lie in any one of `folders`. */
export async function readRunScripts(
  location: PluginLocation,
  folders: readonly string[],
  found: Findings,
): Promise<(ScriptFile | undefined)[]> {
  const scripts: (ScriptFile | undefined)[] = []
  for (const name of ['host_run.sh', 'guest_run.sh']) {
    let script: ScriptFile | undefined
    let foundIn: string | undefined
    for (const folder of folders) {
      const path = folder + name
      const bytes = await readFileIfThere(`${location.dir}/${path}`)
      if (bytes === undefined) continue
      if (foundIn !== undefined)
        problem(found, `${location.shownDir}/${path}`, `is there twice: ${foundIn} as well; keep one`)
      foundIn = path
      script ??= await checkRunScript(location, path, bytes, found)
    }
    scripts.push(script)
  }
  return scripts
}

/** The bash tool ran them last, to take back what its plugins had written into their own directories. */
export async function noteCleanUps(location: PluginLocation, found: Findings): Promise<void> {
  for (const path of ['clean_up.sh', 'post-stage/clean_up.sh']) {
    if ((await readFileIfThere(`${location.dir}/${path}`)) !== undefined)
      found.notes.push(`${location.shownDir}/${path}: is not run: host scripts work in a private copy`)
  }
}

async function checkRunScript(
  location: PluginLocation,
  path: string,
  bytes: Buffer | Error,
  found: Findings,
): Promise<ScriptFile | undefined> {
  const where = `${location.shownDir}/${path}`
  if (bytes instanceof Error) return problem(found, where, `cannot be read: ${reasonOf(bytes)}`)
  const shebang = readShebang(bytes)
  if ('wrong' in shebang) return problem(found, where, shebang.wrong)
  if (path.endsWith('guest_run.sh')) {
    // It travels as a part of user-data.
    found.problems.push(...checkShellPart(bytes, where))
  } else {
    const missing = await missingInterpreter(shebang.interpreter)
    if (missing !== undefined) return problem(found, where, missing)
  }
  return { path, interpreter: shebang.interpreter, sizeBytes: bytes.length }
}
