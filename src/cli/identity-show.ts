import { ID_AUTH_BYTES, readIdAuth } from '../launch/identity/id-auth.js'
import { ID_BLOCK_BYTES, idBlockProblems, readIdBlock } from '../launch/identity/id-block.js'
import { IDENTITY_FIELDS, type IdentityField } from '../launch/identity/identity-field.js'
import { readIdentityFile } from '../launch/identity/identity-file.js'
import { readIdentityValue } from '../launch/identity/identity-value.js'
import { structureBytes } from '../launch/identity/structure-bytes.js'
import { CvmError } from '../model/errors.js'
import { EXIT } from '../model/exit.js'
import { policyWarnings } from '../model/snp-policy.js'
import { complain } from './complain.js'
import { type ShownIdentity, shownObject, shownText } from './identity-formats.js'

export interface IdentityShowOptions {
  readonly mrowner?: string
  readonly mrconfigid?: string
  readonly mrownerconfig?: string
  readonly hostData?: string
  readonly familyId?: string
  readonly imageId?: string
  readonly idBlock?: string
  readonly idAuth?: string
  readonly json?: true
}

/** cvm-rewrite identity show: values in both encodings, an ID block in words; exit code 8 when one does not hold. */
export async function identityShow(options: IdentityShowOptions): Promise<number> {
  const json = options.json === true
  try {
    const shown = await read(options)
    process.stdout.write(json ? `${JSON.stringify(shownObject(shown))}\n` : shownText(shown))
    const [problem, ...lines] = shown.problems
    if (problem === undefined) return EXIT.ok
    return json ? EXIT.check : await complain(new CvmError('IDENTITY_UNVERIFIED', problem, { lines }), false)
  } catch (error) {
    return await complain(error, json)
  }
}

async function read(options: IdentityShowOptions): Promise<ShownIdentity> {
  const words = wordsOf(options)
  if (words.length === 0 && options.idBlock === undefined && options.idAuth === undefined) {
    throw new CvmError('USAGE', 'nothing to show', {
      next: 'Give a value or a file, for example: cvm-rewrite identity show --mrowner pubkey:owner.pem',
    })
  }
  const values = []
  for (const [field, word] of words) values.push(await readIdentityValue(word, field, readIdentityFile))
  const blockBytes = await structure(options.idBlock, ID_BLOCK_BYTES)
  const authBytes = await structure(options.idAuth, ID_AUTH_BYTES)
  const block = blockBytes && readIdBlock(blockBytes)
  const auth = authBytes && readIdAuth(authBytes, blockBytes)
  return {
    values,
    ...(block && blockBytes ? { block: { content: block, bytes: blockBytes } } : {}),
    ...(auth ? { auth } : {}),
    problems: [...(block ? idBlockProblems(block) : []), ...(auth?.problems ?? [])],
    warnings: block ? policyWarnings(block.policy) : [],
  }
}

async function structure(path: string | undefined, sizeBytes: number): Promise<Buffer | undefined> {
  return path === undefined ? undefined : structureBytes(await readIdentityFile(path), sizeBytes, path)
}

function wordsOf(options: IdentityShowOptions): readonly (readonly [IdentityField, string])[] {
  const { mrowner, mrconfigid, mrownerconfig, hostData, familyId, imageId } = options
  const given = {
    mrowner,
    mrconfigid,
    mrownerconfig,
    'host-data': hostData,
    'family-id': familyId,
    'image-id': imageId,
  }
  // Its keys are the fields: the literal above has no others.
  return (Object.keys(IDENTITY_FIELDS) as IdentityField[]).flatMap((field) => {
    const word = given[field]
    return word === undefined ? [] : [[field, word] as const]
  })
}
