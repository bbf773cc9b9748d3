/** A value in QEMU's option syntax, where a comma ends it; a doubled one is a comma. Source: QEMU, util/keyval.c and qemu-option.c. */
export function optionValue(text: string): string {
  return text.replaceAll(',', ',,')
}

export type QemuProperty = string | number | bigint | boolean | { readonly [name: string]: QemuProperty | undefined }

/**
 * An object as the JSON that `-object` takes since QEMU 6.0: one value that stands alone, to which nothing may be appended.
 * Properties that are undefined are left out. A bigint keeps all of its 64 bits, which a JSON number of JavaScript would not.
 */
export function jsonObject(properties: Readonly<Record<string, QemuProperty | undefined>>): string {
  const members = Object.entries(properties).flatMap(([name, property]) =>
    property === undefined ? [] : [`${JSON.stringify(name)}:${jsonValue(property)}`],
  )
  return `{${members.join(',')}}`
}

function jsonValue(property: QemuProperty): string {
  if (typeof property === 'bigint') return property.toString()
  return typeof property === 'object' ? jsonObject(property) : JSON.stringify(property)
}
