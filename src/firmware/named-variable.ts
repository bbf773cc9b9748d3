/** What the firmware knows a variable by. */
export interface NamedVariable {
  readonly name: string
  readonly guid: string
}

/** Two variables are the same one when name and GUID are; a GUID has a fixed length, so nothing else gives this text. */
export function variableKey({ name, guid }: NamedVariable): string {
  return `${guid.toLowerCase()} ${name}`
}

/** The variable of that name and GUID. */
export function findVariable<T extends NamedVariable>(variables: readonly T[], named: NamedVariable): T | undefined {
  const key = variableKey(named)
  return variables.find((each) => variableKey(each) === key)
}
