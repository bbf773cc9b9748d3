import { z } from 'zod'
import { UNIT_STATES } from '../../model/expectation.js'

// Every key has a sentence: docs/expect.schema.json is made of this, and editors show it. The words beside a pattern are what a
// person is told when a text does not match.

/** One line that a file of lines with tabs can hold. */
const LINE = String.raw`[^\u0000-\u001f\u007f]`

export const kernelWord = z
  .string()
  .regex(
    /^(?:[^\s"\u0000-\u001f\u007f]|"[^"\u0000-\u001f\u007f]*")+$/,
    'is no word of a kernel command line: it has a blank in it',
  )
  .max(2048)
  .describe('A word as it stands there, such as ima_hash=sha384.')

export const registerValue = z
  .string()
  .regex(
    /^(?:present|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{96}|[0-9A-Fa-f]{128})$/,
    'is neither present nor a PCR value: 64 hex digits for SHA-256, 96 for SHA-384',
  )
  .describe('present, or the value in hex digits.')

export const register = z
  .string()
  .regex(
    /^(?:sha1|sha256|sha384|sha512):(?:[0-9]|1[0-9]|2[0-3])$/,
    'is no register: a bank and a number from 0 to 23, such as sha256:7',
  )

export const path = z
  .string()
  .regex(new RegExp(`^/${LINE}{0,1023}$`), 'is no absolute path')
  .describe('An absolute path in the guest.')

export const sha256 = z
  .string()
  .regex(/^[0-9A-Fa-f]{64}$/, 'is no SHA-256: 64 hex digits')
  .describe('The SHA-256 of its bytes, in hex digits.')

export const mode = z
  .string()
  .regex(/^0?[0-7]{3,4}$/, "is no mode: octal and in quotes, such as '0640'")
  .describe("In quotes, such as '0640'.")

export const name = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,127}$/, 'is no name of a user or group')
  .describe('The name of a user or a group.')

export const packageName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9.+:_-]{0,127}$/, 'is no name of a package')
  .describe('The name of a package, as dpkg or rpm know it.')

export const packageVersion = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9.+:~^_-]{0,127}$/, 'is neither installed, nor absent, nor a version')
  .describe('installed, absent, or the version as dpkg or rpm print it.')

export const unit = z
  .string()
  .regex(
    /^[A-Za-z0-9:_.\\@-]{1,120}\.(?:service|socket|target|timer|mount|automount|path|device|slice|scope|swap)$/,
    'is no unit: a name with its kind, such as ssh.service',
  )
  .describe('A unit of systemd, with its kind, such as ssh.service.')

export const portText = z
  .string()
  .regex(/^(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])$/, 'is no port: 1 to 65535')

export const machineId = z
  .string()
  .regex(/^[0-9a-f]{32}$/, 'is no machine-id: 32 lower-case hex digits, in quotes when they look like a number')
  .describe('A machine-id: 32 lower-case hex digits.')

export const pattern = z
  .string()
  .min(1)
  .max(1000)
  .describe('A JavaScript regular expression; ^ and $ are the ends of a line.')

const text = z.string().max(32 * 1024)
export const commandLine = z
  .string()
  .regex(/^[^\u0000]{1,8192}$/, 'is no line for sh: it is empty, too long, or has a NUL character in it')
  .describe('A line for sh.')

const there = z.enum(['present', 'absent'])

// In a union the form that any value may be meant for comes last: its words are for what fits no other.
const file = z.union([
  z.strictObject({
    text: text.exactOptional().describe('All that is in it; line breaks at the end do not count.'),
    contains: z
      .union([text.min(1), z.array(text.min(1)).min(1)])
      .exactOptional()
      .describe('A text that is in it, or several.'),
    matches: pattern.exactOptional(),
    sha256: sha256.exactOptional(),
    mode: mode.exactOptional(),
    owner: name.exactOptional().describe('The user who owns it.'),
    group: name.exactOptional().describe('The group that owns it.'),
  }),
  there,
])

const run = z.union([
  commandLine,
  z.array(z.string().regex(/^[^\u0000]{0,4096}$/, 'is no argument of a program')).min(1),
])
const command = z.union([
  run,
  z.strictObject({
    run: run.describe('A line for sh, or a list: the program and its arguments.'),
    exits: z
      .union([z.int().min(0).max(255), z.literal('nonzero')])
      .exactOptional()
      .describe('Its exit code; without it 0.'),
    seconds: z.int().min(1).max(600).exactOptional().describe('How long it may take; without it 30.'),
  }),
])

export const expectSchema = z
  .strictObject({
    'kernel-cmdline': z
      .strictObject({
        has: z.array(kernelWord).exactOptional().describe('Words that stand in it.'),
        lacks: z.array(kernelWord).exactOptional().describe('Words that do not.'),
      })
      .exactOptional()
      .describe('The command line of the running kernel.'),
    'secure-boot': z.enum(['on', 'off']).exactOptional().describe('Whether the firmware checked what it started.'),
    tpm: z
      .union([z.record(register, registerValue), there])
      .exactOptional()
      .describe('present, absent, or values of PCRs by bank and number: present, or hex digits.'),
    files: z
      .record(path, file)
      .exactOptional()
      .describe('Files and directories by path; a link counts as what it leads to.'),
    packages: z
      .union([z.array(packageName), z.record(packageName, packageVersion)])
      .exactOptional()
      .describe('A list of what is installed, or for each: installed, absent or a version.'),
    units: z
      .union([z.array(unit), z.record(unit, z.enum(UNIT_STATES))])
      .exactOptional()
      .describe('A list of what is active, or for each its state.'),
    'failed-units': z.literal('none').exactOptional().describe('none: no unit has failed.'),
    users: z
      .union([
        z.array(name),
        z.record(
          name,
          z.union([
            z.strictObject({ groups: z.array(name).min(1).describe('Groups that the user is in, besides others.') }),
            there,
          ]),
        ),
      ])
      .exactOptional()
      .describe('A list of who is there, or for each: present, absent or groups.'),
    ports: z
      .union([z.array(z.int().min(1).max(65535)), z.record(portText, z.enum(['open', 'closed']))])
      .exactOptional()
      .describe('A list of TCP ports that somebody in the guest listens on, or for each: open or closed.'),
    commands: z
      .array(command)
      .exactOptional()
      .describe('Commands that the guest runs as root; each one exits 0, or as it says.'),
    'machine-id': z
      .strictObject({
        'differs-from': z
          .union([machineId, z.array(machineId).min(1)])
          .describe('The machine-id of another guest, or several.'),
      })
      .exactOptional()
      .describe('The guest has a machine-id, and it is another one.'),
  })
  .describe('What is to be so in a guest that has come up: cvm-qemu-test --expect FILE.')

export type ExpectText = z.infer<typeof expectSchema>

/** The published JSON Schema (draft 2020-12), with a line break at its end. */
export function expectJsonSchema(): string {
  const schema = z.toJSONSchema(expectSchema)
  return `${JSON.stringify({ ...schema, title: 'expectations of cvm-qemu-test' }, undefined, 2)}\n`
}
