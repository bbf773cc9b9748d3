import { open, readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Problem } from '../../model/plugin.js'
import { SEED_FILE_LIMIT_BYTES } from '../../model/seed.js'
import type { AskedWord } from '../../model/wishes.js'
import { mergeWords } from './merge-words.js'
import { fillIn, variablesIn } from './placeholders.js'
import { type RootfsWisher, rootfsProblem } from './rootfs-words.js'

/** The .deb files of all directories that plugins name; links are followed, so that the file itself can go onto the seed. */
export async function findDebs(
  wishers: readonly RootfsWisher[],
  values: Readonly<Record<string, string>>,
): Promise<{ readonly debs: readonly AskedWord[]; readonly problems: readonly Problem[] }> {
  const found: { plugin: string; words: readonly string[] }[] = []
  const problems: Problem[] = []
  for (const { plugin, rootfs } of wishers) {
    const wrong = (what: string) => problems.push(rootfsProblem([plugin.name], `debs: ${what}`))
    if (rootfs.debs === undefined) continue
    const [option] = variablesIn(rootfs.debs) ?? []
    const type = plugin.manifest.options.find(({ name }) => name === option)?.type
    if (option !== undefined && type !== 'path') {
      wrong(`$${option} is no option of type path`)
      continue
    }
    const filled = fillIn(rootfs.debs, values)
    if (filled === undefined) continue
    const dir = option === undefined ? join(plugin.dir, filled) : filled
    const shown = option === undefined ? filled : `$${option}`
    const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => error)
    if (names instanceof Error) {
      wrong(`${shown} cannot be read as a directory: ${names.code}`)
      continue
    }
    const debs = names.filter((name) => name.endsWith('.deb')).sort()
    if (debs.length === 0) wrong(`${shown} has no .deb file directly in it`)
    const words: string[] = []
    for (const name of debs) {
      const reading = await readDeb(join(dir, name))
      if ('wrong' in reading) wrong(`${shown}/${name.replace(CONTROL, '?')} ${reading.wrong}`)
      else words.push(reading.path)
    }
    found.push({ plugin: plugin.name, words })
  }
  return { debs: mergeWords(found), problems }
}

/** deb(5): an ar archive. dpkg looks at the rest when it has the file in the guest. */
async function readDeb(path: string): Promise<{ readonly path: string } | { readonly wrong: string }> {
  if (new RegExp(CONTROL.source).test(path)) return { wrong: 'has a control character in its path' }
  try {
    // Before it is opened: a pipe would make us wait.
    const facts = await stat(path)
    if (!facts.isFile()) return { wrong: 'is not a regular file' }
    if (facts.size > SEED_FILE_LIMIT_BYTES) return { wrong: 'is larger than the seed disk can carry (4 GiB)' }
    await using file = await open(path)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, 0)
    if (buffer.toString('latin1', 0, bytesRead) !== MAGIC) return { wrong: 'is no Debian package (no ar archive)' }
    return { path: await realpath(path) }
  } catch (error) {
    return { wrong: `cannot be read: ${(error as NodeJS.ErrnoException).code}` }
  }
}

const MAGIC = '!<arch>\n'
const CONTROL = /[\u0000-\u001f\u007f]/g
