import { z } from 'zod'
import { CHAIN_PARTS } from '../../model/manifest.js'

// `secure-boot` and `firmware-variables` of a plugin.yaml. What values mean is checked where the bytes are made.

const path = z
  .string()
  .regex(/^[^\u0000-\u001f\u007f]{1,1023}$/, 'is no path')
  .describe('A file on this machine, seen from the plugin, or the name of an option.')
const paths = (words: string) => z.array(path).exactOptional().describe(words)

const keyFiles = z.strictObject({
  pk: path.exactOptional().describe('The certificate of the platform key; without one nothing is checked.'),
  kek: paths('Certificates whose keys may sign updates of db and dbx.'),
  db: paths('Certificates: what is signed under one of them starts.'),
  dbx: paths('What never starts: programs, certificates, or digests in hex.'),
})

const sign = z
  .strictObject({
    key: path.describe('The private key, PEM without a passphrase; it stays on this machine.'),
    cert: path.describe('Its certificate.'),
  })
  .describe('Who signs; db.key and db.pem when keys is a directory.')

const guestSigner = z
  .strictObject({
    key: path.describe('The private key, PEM without a passphrase. It is put into the image.'),
    cert: path.describe("Its certificate; it is enrolled in shim's MokList where nothing trusts it yet."),
  })
  .describe('Who signs the kernels that the guest installs later, in the guest: who gets root there has this key.')

export const secureBoot = z
  .strictObject({
    keys: z
      .union([path.describe('A directory with PK.pem, KEK.pem, db.pem and db.key.'), keyFiles])
      .exactOptional()
      .describe('Whose programs the firmware starts: a directory as "cvm-rewrite firmware keys" makes it, or files.'),
    sign: sign.exactOptional(),
    'guest-signer': guestSigner.exactOptional(),
    what: z
      .union([z.literal('auto'), z.array(z.enum(CHAIN_PARTS))])
      .exactOptional()
      .describe('What is signed: auto, all that the guest boots, is the default; [] for nothing.'),
    mok: paths("Certificates for shim's own list (MokList)."),
    microsoft: z
      .boolean()
      .exactOptional()
      .describe("Microsoft's certificates as well, which distributions have their boot loaders signed under."),
  })
  .describe('Secure Boot: keys in the firmware of the launch, and signatures under what the guest boots.')

const scalar = z.union([z.string().min(1), z.int(), z.boolean()])
const number = (bits: number) =>
  z
    .union([z.int().min(0), z.string().min(1)])
    .exactOptional()
    .describe(`A number of ${bits} bits.`)

const variable = z.union([
  scalar,
  z
    .strictObject({
      value: scalar.exactOptional().describe('In the words of a well-known variable, as without a mapping.'),
      hex: z.string().min(1).exactOptional().describe('The bytes as hex digits.'),
      text: z.string().min(1).exactOptional().describe('The bytes of the text, without a NUL.'),
      utf16: z.string().min(1).exactOptional().describe('The text in UTF-16 with a NUL at its end.'),
      u8: number(8),
      u16: number(16),
      u32: number(32),
      u64: number(64),
      file: path.exactOptional().describe('The bytes of a file.'),
      delete: z.literal(true).exactOptional().describe('The variable is not to be there.'),
      attributes: z
        .union([z.string().min(1), z.int().min(0)])
        .exactOptional()
        .describe('Such as nv,bs,rt; without it as they are, of a new variable as usual for its name.'),
      date: z.string().min(1).exactOptional().describe('Time stamp of a variable with authenticated writes.'),
    })
    .describe('The value in a form, or delete.'),
])

export const variablesMapping = z
  .record(z.string().regex(/^[\x21-\x7e]{1,200}$/, 'is no name of a variable'), variable)
  .describe('Values by name: Timeout, BootOrder and the like, others as Name-GUID.')

export const firmwareVariables = z
  .union([path.describe('A YAML file with such a mapping.'), variablesMapping])
  .describe('UEFI variables that the launch starts with: a mapping, or a YAML file with one.')
