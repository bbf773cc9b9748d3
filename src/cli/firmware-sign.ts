import { shortName } from '../firmware/secure-boot/certificate-facts.js'
import { printable } from '../guest/printable.js'
import { EXIT } from '../model/exit.js'
import { signProgram } from '../stages/firmware-sign.js'
import { colour } from './colours.js'
import { complain } from './complain.js'
import { interruption } from './interruption.js'
import { outputPath } from './path-options.js'

export interface SignOptions {
  readonly key: string
  readonly cert: string
  readonly output: string
  readonly force?: true
  readonly json?: true
}

/** cvm-rewrite firmware sign: a signed copy of a program. */
export async function firmwareSign(program: string, options: SignOptions): Promise<number> {
  const json = options.json === true
  using interrupted = interruption(() => {})
  try {
    const request = {
      efiFile: program,
      keyFile: options.key,
      certificateFile: options.cert,
      output: { path: outputPath(options.output), force: options.force === true },
      now: new Date(),
    }
    const { certificate, sha256, signatures, notes } = await signProgram(request, interrupted.signal)
    const told = notes.map((note) => printable(note))
    const by = printable(shortName(certificate))
    if (json) {
      const answer = { outcome: 'ok', output: options.output, signer: by, sha256, signatures, notes: told }
      process.stdout.write(`${JSON.stringify(answer)}\n`)
      return EXIT.ok
    }
    const others = signatures > 1 ? `; it now has ${signatures} signatures` : ''
    process.stdout.write(
      [
        `${colour.green.bold('signed')} ${printable(options.output)} by ${by}${others}\n`,
        `  Authenticode SHA-256 ${sha256}\n`,
        ...told.map((note) => `${colour.cyan('note')} ${note}\n`),
      ].join(''),
    )
    return EXIT.ok
  } catch (error) {
    return await complain(error, json)
  }
}
