// Part of the build: the JSON Schemas of the files that people write, for editors. Tests keep them equal to the code.
import { readFileSync, writeFileSync } from 'node:fs'
import { launchFileJsonSchema } from '../dist/plugins/manifest/launch-schema.js'
import { manifestJsonSchema } from '../dist/plugins/manifest/manifest-schema.js'
import { expectJsonSchema } from '../dist/stages/expect/expect-schema.js'

write('plugin.schema.json', manifestJsonSchema())
write('launch.schema.json', launchFileJsonSchema())
write('expect.schema.json', expectJsonSchema())

function write(name, text) {
  const file = new URL(`../docs/${name}`, import.meta.url)
  if (textOf(file) !== text) writeFileSync(file, text)
}

function textOf(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
