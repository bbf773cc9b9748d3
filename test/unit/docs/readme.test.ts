import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { describe, it } from 'vitest'
import { qemuTestCommand } from '../../../src/cli/qemu-test-command.js'
import { rewriteCommand } from '../../../src/cli/rewrite-command.js'
import { EXIT, type ExitClass } from '../../../src/model/exit.js'
import { readmeSummary } from '../../../src/plugins/readme-summary.js'
import { aptLine, MORE_PACKAGES, TOOLS } from '../../../src/stages/tools-needed.js'
import { EXIT_WORDS } from './exit-words.js'
import { expectBlock, ROOT } from './marked-block.js'

describe('README.md', () => {
  it('shows the usage of cvm-rewrite as --help prints it', () => {
    expectBlock('README.md', 'usage-rewrite', fenced(helpOf(rewriteCommand(() => {}))))
  })

  it('shows the usage of cvm-qemu-test as --help prints it', () => {
    expectBlock('README.md', 'usage-qemu-test', fenced(helpOf(qemuTestCommand(() => {}))))
  })

  it('lists every shipped plugin with the sentence of its own README', () => {
    const rows = ['pre-stage', 'post-stage'].flatMap((stage) =>
      readdirSync(join(ROOT, stage))
        .sort()
        .map((name) => `| [${name}](${stage}/${name}/README.md) | ${stage} | ${summaryOf(stage, name)} |\n`),
    )

    expectBlock('README.md', 'plugins', `| plugin | stage | what it does |\n|---|---|---|\n${rows.join('')}`)
  })

  it('has the exit codes of src/model/exit.ts', () => {
    const rows = (Object.keys(EXIT) as ExitClass[]).map((name) => `| ${EXIT[name]} | ${EXIT_WORDS[name]} |\n`)

    expectBlock(
      'README.md',
      'exit-codes',
      `| code | meaning |\n|---|---|\n${rows.join('')}| 128+n | ended by signal n (130: Ctrl-C) |\n`,
    )
  })

  it('names the packages as doctor does on a machine that has none of them', () => {
    // tar is on every Debian and Ubuntu machine.
    const packages = TOOLS.filter((row) => row.tool !== 'tar').map((row) => row.package)

    expectBlock('README.md', 'apt', fenced(`${aptLine([...packages, ...MORE_PACKAGES])}\n`))
  })
})

/** As on a pipe: 80 columns, no colours. */
function helpOf(command: Command): string {
  let text = ''
  command.configureOutput({
    writeOut: (part) => {
      text += part
    },
    getOutHelpWidth: () => 80,
    getOutHasColors: () => false,
  })
  command.outputHelp()
  return text
}

function fenced(text: string): string {
  return `\`\`\`text\n${text}\`\`\`\n`
}

function summaryOf(stage: string, name: string): string {
  return readmeSummary(readFileSync(join(ROOT, stage, name, 'README.md'), 'utf8')).replaceAll('|', '\\|')
}
