// Part of the build: the JSON Schema of plugin.yaml, for editors. A test keeps it equal to the code.
import { readFileSync, writeFileSync } from 'node:fs'
import { manifestJsonSchema } from '../dist/plugins/manifest/manifest-schema.js'

const file = new URL('../docs/plugin.schema.json', import.meta.url)
const text = manifestJsonSchema()
if (textOf(file) !== text) writeFileSync(file, text)

function textOf(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
