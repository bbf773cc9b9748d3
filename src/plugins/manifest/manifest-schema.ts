import { z } from 'zod'
import { OPTION_TYPES } from '../../model/manifest.js'

// Every key has a sentence: docs/plugin.schema.json is made of this, and editors show it.

const optionName = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{0,63}$/)
  .describe('Capital letters, digits and underscores, as environment variables are named.')

const scalar = z.union([z.string(), z.int(), z.boolean()])

const option = z
  .strictObject({
    type: z.enum(OPTION_TYPES).describe('What a value has to look like.'),
    of: z
      .enum(OPTION_TYPES.filter((type) => type !== 'list'))
      .optional()
      .describe('With type list: the type of each item.'),
    values: z.array(scalar).min(1).optional().describe('With enum: what a value may be.'),
    default: z
      .union([scalar, z.array(scalar)])
      .optional()
      .describe('The value when none is given. Without it the option may stay without a value.'),
    description: z.string().min(1).optional().describe('One sentence for the person who sets it.'),
  })
  .describe('A typed environment variable that the plugin reads.')

const program = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/)
  .describe('The name of a program, as one types it.')

const pluginName = z
  .string()
  .regex(/^\d{2}-[a-z0-9][a-z0-9.-]*$/)
  .describe('The full name of a plugin.')

/** One argument of the kernel: no blank outside of double quotes, nothing that a shell or grub would take for something else. */
const kernelArgument = z
  .string()
  .regex(/^(?!-)[A-Za-z0-9_.$][^\s"'`\\;&|<>(){}*?[\]!#~]{0,255}$/)
  .describe('One kernel argument, such as ima_hash=sha384.')

const requires = z
  .strictObject({
    host: z.array(program).optional().describe('Programs that have to be installed on this machine.'),
    guest: z.array(program).optional().describe('Programs that have to be in the guest when its scripts begin.'),
    before: z.array(pluginName).optional().describe('Plugins that have to come later, when they take part.'),
    after: z.array(pluginName).optional().describe('Plugins that have to come earlier, when they take part.'),
  })
  .describe('What has to be there for the plugin to work; looked at before anything is done.')

const cmdline = z
  .strictObject({
    add: z.array(kernelArgument).optional().describe('Arguments that every kernel entry gets.'),
    remove: z
      .array(kernelArgument)
      .optional()
      .describe('Arguments that no kernel entry keeps: as they stand, or by the name before the "=".'),
  })
  .describe('The kernel command line.')

const grub = z
  .strictObject({
    cmdline: cmdline.optional(),
    modules: z
      .array(z.string().regex(/^[a-z0-9_]{1,64}$/))
      .optional()
      .describe('Modules that grub loads before its menu.'),
    timeout: z.int().min(0).max(3600).optional().describe('Seconds that the menu waits; 0 for none.'),
  })
  .describe('The boot loader: read back from its configuration afterwards, in every kernel entry.')

export const manifestSchema = z
  .strictObject({
    description: z.string().min(1).optional().describe('What the plugin does, in one sentence.'),
    options: z.record(optionName, option).optional().describe('The environment variables that the plugin reads.'),
    requires: requires.optional(),
    grub: grub.optional(),
  })
  .describe('plugin.yaml: what a plugin declares.')

export type ManifestText = z.infer<typeof manifestSchema>

/** The published JSON Schema (draft 2020-12), with a line break at its end. */
export function manifestJsonSchema(): string {
  const schema = z.toJSONSchema(manifestSchema)
  return `${JSON.stringify({ ...schema, title: 'plugin.yaml of cvm-image-rewriter' }, undefined, 2)}\n`
}
