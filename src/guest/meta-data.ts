/**
 * meta-data of one run: the template with a fresh instance-id, whatever the template says there.
 *
 * A new id makes cloud-init treat the boot as a first one, also in an image that was rewritten before.
 */
export function metaDataText(template: string, instanceId: string): string {
  const rest = template.split(/\r?\n/).filter((line) => !/^instance-id\s*:/.test(line))
  return `${[`instance-id: ${instanceId}`, ...rest].join('\n').trimEnd()}\n`
}
