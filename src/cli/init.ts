import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import fsExtra from 'fs-extra'
import { CvmError } from '../model/errors.js'
import { PACKAGE_DIR } from '../stages/sources.js'
import { complain } from './complain.js'

/** cvm-rewrite init DIR: the shipped plugins and seed, to be changed. Nothing that is there is overwritten. */
export async function init(dir: string): Promise<number> {
  try {
    const target = resolve(dir)
    const present = COPIED.filter((name) => existsSync(join(target, name)))
    if (present.length > 0) {
      throw new CvmError('USAGE', `already in ${target}: ${present.join(', ')}`, { next: 'Choose an empty directory.' })
    }
    await mkdir(target, { recursive: true })
    for (const name of COPIED)
      await fsExtra.copy(join(PACKAGE_DIR, name), join(target, name), {
        filter: (from) => !from.startsWith(GUEST_SCRIPTS),
      })
    process.stdout.write(
      `pre-stage/, post-stage/ and cloud-init/ are in ${target}\n\nnext: cd ${target} && cvm-rewrite plugin list\n`,
    )
    return 0
  } catch (error) {
    return await complain(error, false)
  }
}

const COPIED = ['pre-stage', 'post-stage', 'cloud-init'] as const
/** They belong to the program, not to the person: always taken from the package. */
const GUEST_SCRIPTS = join(PACKAGE_DIR, 'cloud-init', 'guest')
