import { z } from 'zod'
import { OPTION_TYPES } from '../../model/manifest.js'
import { firmwareVariables, secureBoot } from './firmware-schema.js'
import { launchKinds } from './launch-schema.js'

// Every key has a sentence: docs/plugin.schema.json is made of this, and editors show it. The words beside a pattern are what a
// person is told when a text does not match.

const optionName = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{0,63}$/, 'is no name of an option: capital letters, digits and underscores, a letter first')
  .describe('Capital letters, digits and underscores, as environment variables are named.')

const scalar = z.union([z.string(), z.int(), z.boolean()])

const option = z
  .strictObject({
    type: z.enum(OPTION_TYPES).describe('What a value has to look like.'),
    of: z
      .enum(OPTION_TYPES.filter((type) => type !== 'list'))
      .exactOptional()
      .describe('With type list: the type of each item.'),
    values: z.array(scalar).min(1).exactOptional().describe('With enum: what a value may be.'),
    default: z
      .union([scalar, z.array(scalar)])
      .exactOptional()
      .describe('The value when none is given. Without it the option may stay without a value.'),
    secret: z
      .boolean()
      .exactOptional()
      .describe('Its value is in no log, report, argument of a program or file that all can read.'),
    description: z.string().min(1).exactOptional().describe('One sentence for the person who sets it.'),
  })
  .describe('A typed environment variable that the plugin reads.')

const program = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/, 'is no name of a program: letters, digits, dot, plus, dash, no path')
  .describe('The name of a program, as one types it.')

const pluginName = z
  .string()
  .regex(/^\d{2}-[a-z0-9][a-z0-9.-]*$/, 'is no full name of a plugin, such as 03-netplan')
  .describe('The full name of a plugin.')

/** One argument of the kernel: no blank, no quote, nothing that a shell or grub would take for something else. */
const kernelArgument = z
  .string()
  .regex(
    /^(?!-)[A-Za-z0-9_.$][^\s"'`\\;&|<>(){}*?[\]!#~]{0,255}$/,
    'is no kernel argument: one word, without quotes and signs that a shell knows',
  )
  .describe('One kernel argument, such as ima_hash=sha384.')

const requires = z
  .strictObject({
    options: z
      .array(optionName)
      .exactOptional()
      .describe('Options without which the plugin does nothing: it is left out, and that is said.'),
    host: z.array(program).exactOptional().describe('Programs that have to be installed on this machine.'),
    guest: z.array(program).exactOptional().describe('Programs that have to be in the guest when its scripts begin.'),
    before: z.array(pluginName).exactOptional().describe('Plugins that have to come later, when they take part.'),
    after: z.array(pluginName).exactOptional().describe('Plugins that have to come earlier, when they take part.'),
  })
  .describe('What has to be there for the plugin to work; looked at before anything is done.')

const cmdline = z
  .strictObject({
    add: z.array(kernelArgument).exactOptional().describe('Arguments that every kernel entry gets.'),
    remove: z
      .array(kernelArgument)
      .exactOptional()
      .describe('Arguments that no kernel entry keeps: as they stand, or by the name before the "=".'),
  })
  .describe('The kernel command line.')

const grub = z
  .strictObject({
    cmdline: cmdline.exactOptional(),
    modules: z
      .array(z.string().regex(/^[a-z0-9_]{1,64}$/, 'is no name of a grub module, such as tpm'))
      .exactOptional()
      .describe('Modules that grub loads before its menu.'),
    timeout: z.int().min(0).max(3600).exactOptional().describe('Seconds that the menu waits; 0 for none.'),
  })
  .describe('The boot loader: read back from its configuration afterwards, in every kernel entry.')

/** Absolute, without `.` and `..`, and nothing in it that a list of lines could not hold. */
const ABSOLUTE = String.raw`\/(?!(?:.*\/)?\.{1,2}(?:\/|$))[^\u0000-\u001f\u007f$]{0,1022}[^\u0000-\u001f\u007f$\/]`

const NOT_ABSOLUTE = 'is no absolute path: it starts with "/", has no "." or ".." in it and no "/" at its end'

/** The whole text is the name of an option, or it has the form. */
function orOption(form: string, words: string): z.ZodString {
  return z.string().regex(new RegExp(`^(?:\\$[A-Z][A-Z0-9_]*|${form})$`), words)
}

const LOWER_CASE = 'lower-case letters, digits, dash and underscore'
const absolutePath = orOption(ABSOLUTE, NOT_ABSOLUTE).describe('An absolute path in the guest.')
const kernelModule = orOption('[A-Za-z0-9][A-Za-z0-9_-]{0,63}', 'is no name of a kernel module')
const userName = orOption('[a-z_][a-z0-9_-]{0,31}', `is no name of a user: ${LOWER_CASE}`).describe(
  'The name of a user.',
)
const groupName = orOption('[a-z_][a-z0-9_-]{0,31}', `is no name of a group: ${LOWER_CASE}`).describe(
  'The name of a group.',
)
const unit = orOption('[A-Za-z0-9][A-Za-z0-9:_.@-]{0,127}', 'is no name of a unit').describe(
  'A systemd unit; without a suffix it is a service.',
)

const initrd = z
  .strictObject({
    files: z
      .array(
        z
          .string()
          .regex(
            /^(?!.*(?:^|\/)\.\.(?:\/|$))[^\u0000-\u001f\u007f"`\\]{1,1023}$/,
            'is no pattern of files: no "..", no quotes or backslashes',
          ),
      )
      .exactOptional()
      .describe(
        'Patterns (*, ?, and ** for any depth): without a leading slash of files that this plugin ships, with one of files that the guest has.',
      ),
    modules: z
      .array(kernelModule)
      .exactOptional()
      .describe('Kernel modules that have to be in it, with those that they need.'),
    load: z.array(kernelModule).exactOptional().describe('Kernel modules that are in it and are loaded there.'),
    binaries: z
      .array(absolutePath)
      .exactOptional()
      .describe('Programs of the guest, with the libraries that they need.'),
  })
  .describe('The initrd: read back from every initrd afterwards, by listing it.')

const ima = z
  .strictObject({
    policy: z
      .string()
      .regex(/^(?!\/)(?!.*(?:^|\/)\.\.(?:\/|$))[^\u0000-\u001f\u007f$]{1,255}$/, 'is no path in this plugin')
      .exactOptional()
      .describe('The policy that systemd loads: a path in this plugin.'),
    appraise: orOption('log|enforce', 'must be log or enforce')
      .exactOptional()
      .describe('What happens to a file whose label is missing or wrong: log allows it, enforce refuses it.'),
    hash: orOption('sha256|sha384|sha512', 'must be sha256, sha384 or sha512')
      .exactOptional()
      .describe('The digest of the labels and of the log of measurements; without it labels are SHA-256.'),
    label: z
      .array(absolutePath)
      .exactOptional()
      .describe('Directories below which every file gets a label (security.ima).'),
  })
  .describe("The kernel's integrity measurement.")

const user = z.union([
  userName,
  z.strictObject({
    name: userName,
    groups: z.array(groupName).exactOptional().describe('Groups that the user is in, besides its own.'),
    shell: absolutePath.exactOptional().describe('The login shell.'),
    sudo: z
      .union([z.boolean(), orOption('true|false', 'must be true or false')])
      .exactOptional()
      .describe("Whether the user may have root's rights without a password; false is the default."),
    system: z.boolean().exactOptional().describe('A user for a service: no home, no login.'),
  }),
])

const mode = z
  .string()
  .regex(/^0[0-7]{3,4}$/, "is no mode: octal with a leading zero, in quotes, such as '0640'")
  .describe("In quotes, with a leading zero, such as '0640'.")
const modeWish = z.union([
  mode,
  z.strictObject({
    mode: mode.exactOptional(),
    owner: userName.exactOptional().describe('The user who owns it.'),
    group: groupName.exactOptional().describe('The group that owns it.'),
  }),
])

const services = z
  .strictObject({
    enable: z.array(unit).exactOptional().describe('Units that start with the system.'),
    disable: z.array(unit).exactOptional().describe('Units that do not.'),
    mask: z.array(unit).exactOptional().describe('Units that nothing can start.'),
  })
  .describe('The units of systemd.')

const rootfs = z
  .strictObject({
    groups: z.array(groupName).exactOptional().describe('Groups that have to be there.'),
    users: z.array(user).exactOptional().describe('Users that have to be there; nobody can log in with a password.'),
    'authorized-keys': z
      .array(
        z.strictObject({
          user: userName.describe('Who can log in.'),
          keys: z.array(z.string().min(1)).min(1).describe('Public SSH keys, or the name of an option with keys.'),
        }),
      )
      .exactOptional()
      .describe('Who can log in as whom by SSH.'),
    packages: z
      .array(orOption('[a-z0-9][a-zA-Z0-9.+:_-]{0,127}', 'is no name of a package'))
      .exactOptional()
      .describe("Packages from the guest's own sources; this needs a network."),
    debs: z
      .string()
      .regex(
        /^(?:\$[A-Z][A-Z0-9_]*|(?!\/)(?!.*(?:^|\/)\.\.(?:\/|$))[^\u0000-\u001f\u007f$]{1,255})$/,
        'is neither a path in this plugin nor the name of an option',
      )
      .exactOptional()
      .describe(
        'A directory of .deb files, in this plugin or in an option of type path: all are installed, without a network, and nothing of them stays.',
      ),
    modes: z
      .record(z.string().regex(new RegExp(`^${ABSOLUTE}$`), NOT_ABSOLUTE), modeWish)
      .exactOptional()
      .describe('Mode, owner and group of files and directories, by absolute path.'),
    remove: z.array(absolutePath).exactOptional().describe('Files and directories that are not to be in the image.'),
    services: services.exactOptional(),
  })
  .describe('The root file system.')

const launch = launchKinds(true)

export const manifestSchema = z
  .strictObject({
    description: z.string().min(1).exactOptional().describe('What the plugin does, in one sentence.'),
    options: z.record(optionName, option).exactOptional().describe('The environment variables that the plugin reads.'),
    requires: requires.exactOptional(),
    grub: grub.exactOptional(),
    initrd: initrd.exactOptional(),
    ima: ima.exactOptional(),
    rootfs: rootfs.exactOptional(),
    vm: launch.vm.exactOptional(),
    'launch-identity': launch['launch-identity'].exactOptional(),
    'secure-boot': secureBoot.exactOptional(),
    'firmware-variables': firmwareVariables.exactOptional(),
  })
  .describe('plugin.yaml: what a plugin declares.')

export type ManifestText = z.infer<typeof manifestSchema>

/** The published JSON Schema (draft 2020-12), with a line break at its end. */
export function manifestJsonSchema(): string {
  const schema = z.toJSONSchema(manifestSchema)
  return `${JSON.stringify({ ...schema, title: 'plugin.yaml of cvm-image-rewriter' }, undefined, 2)}\n`
}
