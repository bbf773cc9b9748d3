import { printable } from '../guest/printable.js'
import type { GuestSignerFacts } from '../model/firmware-facts.js'
import type { RewriteReport } from '../model/report.js'
import { colour } from './colours.js'

/** The end of a good run: what ran, what was skipped, seconds, where everything is, what to type next. */
export function summaryText(report: RewriteReport, reportPath: string, quiet: boolean): string {
  const output = report.output
  if (output === undefined) throw new Error('a good run has an output')
  if (quiet) return `${output.path}\n`
  const ran = report.plugins.filter((plugin) => plugin.state === 'ran')
  const skipped = report.plugins.filter((plugin) => plugin.state === 'skipped')
  const steps = report.steps.map((step) => `${step.step} ${step.seconds.toFixed(1)}`).join(', ')
  const rows: [string, string][] = [
    ['ran', ran.map((plugin) => plugin.name).join(', ') || 'no plugins'],
    ['skipped', skipped.map((plugin) => `${plugin.name} (${plugin.why})`).join(', ') || 'none'],
    ...report.plugins.flatMap((plugin) => plugin.notes.map((note): [string, string] => [plugin.name, note])),
    ['seconds', `${report.run.seconds.toFixed(1)} (${steps})`],
    ...report.checks.map((check): [string, string] => ['checked', `${check.name}: ${check.detail}`]),
    ['output', `${output.path} (${mib(output.sizeBytes)} MiB)`],
    ['sha256', output.sha256],
    ...(report.firmware === undefined ? [] : [['firmware', firmwareWords(report.firmware)] as [string, string]]),
    ...(report.firmware?.guestSigner === undefined
      ? []
      : [['private key', keyWords(report.firmware.guestSigner)] as [string, string]]),
    ...(report.launch === undefined ? [] : [['launch', report.launch.path] as [string, string]]),
    ['report', reportPath],
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  const lines = rows.map(([name, text]) => `  ${name.padEnd(width)}  ${printable(text)}`)
  const warnings =
    report.warnings.length === 0 ? [] : [`  ${'warnings'.padEnd(width)}  ${report.warnings.length}, in the report`]
  return `${colour.green.bold('rewritten')}\n${[...lines, ...warnings].join('\n')}\n\nnext: cvm-qemu-test -i ${shellWord(output.path)}\n`
}

function mib(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(0)
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

function keyWords({ certificate, privateKey }: GuestSignerFacts): string {
  return `of ${certificate} is IN THE IMAGE: ${privateKey}; who can read the image, or is root in it, has the key`
}

function firmwareWords({ path, secureBoot, signed }: NonNullable<RewriteReport['firmware']>): string {
  const words = [
    secureBoot ? 'Secure Boot on' : 'Secure Boot off',
    ...(signed.length > 0 ? [`${signed.length} programs signed`] : []),
  ]
  return `${path} (${words.join(', ')})`
}
