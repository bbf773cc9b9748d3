import { printable } from '../guest/printable.js'
import { EXIT } from '../model/exit.js'
import { type Verification, verifyProgram } from '../stages/firmware-verify.js'
import { colour } from './colours.js'
import { complain } from './complain.js'
import { interruption } from './interruption.js'

export interface VerifyOptions {
  readonly against: string
  readonly json?: true
}

/** cvm-rewrite firmware verify: whether a firmware would start a program; exit code 8 when it would not. */
export async function firmwareVerify(program: string, { against, json }: VerifyOptions): Promise<number> {
  using interrupted = interruption(() => {})
  try {
    const verification = await verifyProgram(program, against, interrupted.signal)
    process.stdout.write(
      json ? `${JSON.stringify(verificationObject(verification))}\n` : verificationText(program, verification),
    )
    return starts(verification) ? EXIT.ok : EXIT.check
  } catch (error) {
    return await complain(error, json === true)
  }
}

/** With Secure Boot off a firmware starts everything. */
function starts({ verdict, whyOff }: Verification): boolean {
  return verdict.accepted || whyOff !== undefined
}

function verificationText(program: string, { verdict, whyOff, sha256, sha384, anchors }: Verification): string {
  const name = printable(program)
  const reason = printable(verdict.reason)
  const answer =
    whyOff === undefined
      ? `${verdict.accepted ? colour.green.bold('accepted') : colour.red.bold('refused')} ${name}: ${reason}\n`
      : `${colour.yellow.bold('accepted unchecked')} ${name}: Secure Boot is off in this store: ${whyOff}\n` +
        `  with Secure Boot on it would be ${verdict.accepted ? 'accepted' : 'refused'}: ${reason}\n`
  return [
    answer,
    ...verdict.signatures.map((line) => `  ${printable(line)}\n`),
    `  Authenticode SHA-256 ${sha256}\n`,
    `  Authenticode SHA-384 ${sha384}\n`,
    colour.dim(
      `  checked: the digests against db and dbx; each signature, and the chain above it, with OpenSSL against the certificates in db (${anchors.db}) and dbx (${anchors.dbx})\n` +
        '  not checked: dates and purposes (the firmware ignores them); SBAT and MokList, which are for shim\n',
    ),
  ].join('')
}

function verificationObject(verification: Verification): Readonly<Record<string, unknown>> {
  const { verdict, whyOff, sha256, sha384 } = verification
  return {
    outcome: starts(verification) ? 'accepted' : 'refused',
    secureBoot: whyOff === undefined ? 'on' : 'off',
    ...(whyOff === undefined ? {} : { whyOff, acceptedWithSecureBoot: verdict.accepted }),
    reason: printable(verdict.reason),
    signatures: verdict.signatures.map((line) => printable(line)),
    authenticode: { sha256, sha384 },
  }
}
