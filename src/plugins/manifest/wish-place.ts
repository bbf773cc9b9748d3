import { readFile } from 'node:fs/promises'
import type { Plugin } from '../../model/plugin.js'
import { findPlaces, type YamlPath } from './yaml-places.js'

/** `file:line:column` of something in a plugin's plugin.yaml, which was read before; without the numbers when it has changed since. */
export async function wishPlace({ dir }: Pick<Plugin, 'dir'>, path: YamlPath): Promise<string> {
  const file = `${dir}/plugin.yaml`
  try {
    const { line, column } = findPlaces(await readFile(file, 'utf8')).value(path)
    return `${file}:${line}:${column}`
  } catch {
    return file
  }
}
