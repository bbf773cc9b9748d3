import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { OPTION_TYPES } from '../../../src/model/manifest.js'
import { readCloudConfig } from '../../../src/plugins/cloud-config.js'
import { manifestFrom } from '../../../src/plugins/manifest/read-manifest.js'
import type { Findings } from '../../../src/plugins/plugin-files.js'
import { readShebang } from '../../../src/plugins/script-file.js'
import { checkShellPart } from '../../../src/plugins/shell-part.js'
import { blocksInDocument } from '../../fixtures/docs-plugins.js'
import { ROOT, readDocument } from './marked-block.js'

const DOCUMENTS = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map(inDocs),
]

describe.each(DOCUMENTS)('%s', (file) => {
  const text = readDocument(file)

  it('has links that lead somewhere', () => {
    const targets = [...text.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)].map(([, target = '']) => target)
    const lost = targets.filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(ROOT, dirname(file), target)))

    expect(lost).toEqual([])
  })

  it('names files and folders of this project that are there', () => {
    const named = [...text.matchAll(/`((?:src|cloud-init\/guest|test|docs)\/[\w./-]*)`/g)].map(([, path = '']) => path)
    const lost = named.filter((path) => !existsSync(join(ROOT, path)))

    expect(lost).toEqual([])
  })
})

describe('docs/architecture.md', () => {
  it('names every folder of src', () => {
    const text = readDocument('docs/architecture.md')
    const missing = readdirSync(join(ROOT, 'src')).filter((name) => !text.includes(`src/${name}/`))

    expect(missing).toEqual([])
  })
})

describe('docs/plugins.md', () => {
  const blocks = (language: string) => blocksInDocument(language).map((text) => Buffer.from(text))
  const isCloudConfig = (bytes: Buffer) => bytes.toString().startsWith('#cloud-config')

  it('shows cloud-configs that a run would take', () => {
    const shown = blocks('yaml').filter(isCloudConfig)

    expect(shown.length).toBeGreaterThan(1)
    for (const bytes of shown) expect(readCloudConfig(bytes, 'docs/plugins.md').problems).toEqual([])
  })

  it('shows plugin.yaml files that a run would take', async () => {
    const shown = blocks('yaml').filter((bytes) => !isCloudConfig(bytes))

    expect(shown.length).toBeGreaterThan(2)
    for (const bytes of shown) {
      const found: Findings = { problems: [], notes: [] }
      await manifestFrom(bytes, bytes.toString(), found)
      expect(found.problems).toEqual([])
    }
  })

  it('names every type of option', () => {
    const text = readDocument('docs/plugins.md')

    expect(OPTION_TYPES.filter((type) => !text.includes(`| \`${type}\` |`))).toEqual([])
  })

  it('shows scripts that a run would take', () => {
    const shown = blocks('sh').filter((bytes) => bytes.toString().startsWith('#!'))

    expect(shown.length).toBeGreaterThan(0)
    for (const bytes of shown) {
      expect(readShebang(bytes)).toHaveProperty('interpreter')
      expect(checkShellPart(bytes, 'docs/plugins.md')).toEqual([])
    }
  })
})

function inDocs(name: string): string {
  return `docs/${name}`
}
