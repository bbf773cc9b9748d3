import { CvmError } from '../../model/errors.js'

/**
 * A structure of fixed size out of a file that holds its bytes, or base64 of them as other tools write it.
 *
 * @throws {CvmError} IDENTITY_INVALID
 */
export function structureBytes(content: Buffer, sizeBytes: number, path: string): Buffer {
  if (content.length === sizeBytes) return content
  const bytes = Buffer.from(content.toString('latin1').replace(/\s/g, ''), 'base64')
  // Not a byte of the file may be passed over in silence.
  if (bytes.length === sizeBytes && bytes.toString('base64') === content.toString('latin1').replace(/\s/g, ''))
    return bytes
  const why = `it has ${content.length} bytes, and ${sizeBytes} are wanted, or base64 of them`
  throw new CvmError('IDENTITY_INVALID', `${path} is not such a structure`, { why })
}
