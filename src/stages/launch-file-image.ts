import { existsSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { sameFile } from '../image/file-identity.js'
import type { LaunchFile } from './launch-file.js'

/**
 * A line for people when a launch file was written for another image than the one that it is taken for, such as one that had this
 * name before; undefined when it was not. An image that was moved with its launch file is the same one.
 */
export async function writtenForAnother(
  { path, image: written }: Pick<LaunchFile, 'path' | 'image'>,
  image: string,
): Promise<string | undefined> {
  if (written === undefined || written === resolve(image) || (await sameFile(written, image))) return undefined
  if (basename(written) === basename(image) && !existsSync(written)) return undefined
  return `${basename(path)} was written for ${written}; it is taken for ${image}`
}
