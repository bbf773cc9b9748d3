import { printable } from '../guest/printable.js'
import { CvmError } from '../model/errors.js'
import { EXIT } from '../model/exit.js'
import type { Accelerator } from '../model/image.js'
import type { QemuFlavour } from '../model/launch.js'
import { connectForDefine, type DefinedDomain, defineDomain } from '../stages/define-domain.js'
import { type ImageLaunch, planImageLaunch } from '../stages/launch-image.js'
import { validateXml } from '../stages/validate-xml.js'
import { colourStderr } from './colours.js'
import { complain } from './complain.js'
import { launchLayersOf } from './launch-flags.js'
import { type Artefact, artefactOf, decidedText, decidedValues, type LaunchFormat } from './launch-formats.js'
import { inputPath } from './path-options.js'

/** Options of `launch`, beside those of `addLaunchFlags`. */
export interface LaunchCommandOptions extends Readonly<Record<string, unknown>> {
  readonly input?: string
  readonly launch?: string
  readonly format?: LaunchFormat
  readonly accel: Accelerator | 'auto'
  readonly qemuFlavour?: QemuFlavour
  readonly define?: string
  readonly start?: true
  readonly replace?: true
  readonly connect?: string
  readonly json?: true
}

/** cvm-rewrite launch: prints how an image is started, or defines it as a domain of libvirt. */
export async function launch(options: LaunchCommandOptions): Promise<number> {
  const json = options.json === true
  try {
    assertTogether(options)
    const planned = await planImageLaunch({
      image: options.input === undefined ? undefined : inputPath(options.input, EXAMPLE),
      launchFile: options.launch,
      flags: await launchLayersOf(options),
      accel: options.accel,
      flavour: options.qemuFlavour,
      name: options.define,
    })
    if (options.define !== undefined) return await define(planned, options)
    const artefact = await withVerdict(artefactOf(planned, options.format ?? 'qemu'), options)
    if (json) process.stdout.write(`${JSON.stringify({ ...factsOf(planned, artefact.notes), text: artefact.text })}\n`)
    else {
      tell(planned, artefact.notes)
      process.stdout.write(artefact.text)
    }
    return EXIT.ok
  } catch (error) {
    return await complain(error, json)
  }
}

async function define(planned: ImageLaunch, options: LaunchCommandOptions): Promise<number> {
  // What libvirt cannot express is known before it is asked.
  const { notes } = artefactOf(planned, 'libvirt')
  if (options.json !== true) tell(planned, notes)
  await using connection = await connectForDefine(options.connect)
  const defined = await defineDomain({
    config: planned.config,
    connection,
    start: options.start === true,
    replace: options.replace === true,
  })
  if (options.json === true) process.stdout.write(`${JSON.stringify({ ...factsOf(planned, notes), defined })}\n`)
  else process.stdout.write(definedText(defined))
  return EXIT.ok
}

function definedText({ name, uri, replaced, started }: DefinedDomain): string {
  const next = started ? `virsh --connect ${uri} console ${name}` : `virsh --connect ${uri} start --console ${name}`
  const what = `${replaced ? 'redefined' : 'defined'}${started ? ' and started' : ''}`
  return `${what} ${name} (${uri})\n\nnext: ${next}\n`
}

/** libvirt's own schema judges the XML, where it is installed. */
async function withVerdict(artefact: Artefact, { format }: LaunchCommandOptions): Promise<Artefact> {
  if (format !== 'libvirt') return artefact
  return { ...artefact, notes: [...artefact.notes, ...(await verdictNotes(artefact.text))] }
}

async function verdictNotes(xml: string): Promise<readonly string[]> {
  try {
    const verdict = await validateXml(xml)
    if (verdict.kind === 'valid') return ["the XML is valid for this host's libvirt"]
    const unknown = verdict.unknown.map((what) => `this host's libvirt does not know ${what}`)
    return verdict.kind === 'partly' ? [...unknown, 'the rest of the XML is valid'] : [...unknown, ...verdict.reasons]
  } catch (error) {
    if (!(error instanceof CvmError)) throw error
    return [`the XML was not validated: ${error.message}`]
  }
}

function factsOf(planned: ImageLaunch, notes: readonly string[]): Readonly<Record<string, unknown>> {
  const { config, flavour } = planned
  return {
    outcome: 'success',
    machine: config,
    qemuFlavour: flavour,
    origins: Object.fromEntries(decidedValues(planned).map(({ key, origin }) => [key, origin])),
    notes: [...planned.notes, ...notes],
  }
}

function tell(planned: ImageLaunch, notes: readonly string[]): void {
  const image = planned.config.disks[0]
  process.stderr.write(`${colourStderr.bold('launch')} of ${printable(image?.path ?? '')} (${image?.format})\n`)
  process.stderr.write(decidedText(decidedValues(planned)))
  for (const note of [...planned.notes, ...notes]) {
    process.stderr.write(`${colourStderr.dim('note')} ${printable(note, LONGEST_NOTE)}\n`)
  }
}

/** @throws {CvmError} USAGE for options that mean nothing without others. */
function assertTogether(options: LaunchCommandOptions): void {
  const { define: name, start, replace, connect, format, qemuFlavour: flavour, launch: file } = options
  if (file === '') throw new CvmError('USAGE', 'an empty path was given with --launch')
  if (name !== undefined && format !== undefined) {
    throw new CvmError('USAGE', '--define prints nothing, so it has no --format')
  }
  if (flavour !== undefined && (name !== undefined || format === 'libvirt' || format === 'json')) {
    const where = name === undefined ? `--format ${format}` : '--define'
    throw new CvmError('USAGE', `--qemu-flavour is of no use with ${where}`, {
      why: "it is about QEMU's command line, which stands in --format qemu and --format script only",
      next: 'Leave it out.',
    })
  }
  const alone = Object.entries({ '--start': start, '--replace': replace, '-s': connect }).find(
    ([, value]) => value !== undefined,
  )
  if (name === undefined && alone !== undefined) {
    throw new CvmError('USAGE', `${alone[0]} is of use with --define only`, { next: 'Give a name: --define web-1' })
  }
}

const EXAMPLE = 'cvm-rewrite launch -i output.qcow2'
/** A command to paste is never cut. */
const LONGEST_NOTE = 100_000
