import type { UserWish } from '../../model/manifest.js'
import type { Problem } from '../../model/plugin.js'
import type { RootfsPlan } from '../../model/wishes.js'
import { filledWords } from './merge-words.js'
import { readOptionValue } from './option-values.js'
import { NAME, type RootfsWisher, rootfsProblem } from './rootfs-words.js'

type Values = Readonly<Record<string, string>>
type User = RootfsPlan['users'][number]
type Keys = RootfsPlan['authorizedKeys'][number]

/** Users and the keys with which one logs in as them, each name once. */
export async function planUsers(
  wishers: readonly RootfsWisher[],
  values: Values,
): Promise<{
  readonly users: RootfsPlan['users']
  readonly authorizedKeys: RootfsPlan['authorizedKeys']
  readonly problems: readonly Problem[]
}> {
  const asked = wishers.flatMap(({ plugin, rootfs }) =>
    rootfs.users.flatMap((wish) => filledUsers(wish, values, plugin.name)),
  )
  const users = new Map<string, User>()
  const problems: Problem[] = [
    ...asked.flatMap(wrongUser),
    ...wishers.flatMap(({ plugin, rootfs }) => wrongRights(rootfs.users, values, plugin.name)),
  ]
  for (const user of asked) {
    const before = users.get(user.name)
    if (before !== undefined && !sameUser(before, user))
      problems.push(rootfsProblem([...before.plugins, ...user.plugins], `want the user ${user.name} differently`))
    users.set(user.name, { ...(before ?? user), plugins: bothOf(before?.plugins, user.plugins) })
  }
  const keys = new Map<string, Keys>()
  for (const { plugin, rootfs } of wishers) {
    for (const wish of rootfs.authorizedKeys) {
      const words = filledWords(wish.keys, values)
      problems.push(...(await wrongKeys(words, plugin.name)))
      for (const user of words.length === 0 ? [] : filledWords([wish.user], values)) {
        if (!isName(user)) problems.push(rootfsProblem([plugin.name], NO_NAME))
        const before = keys.get(user)
        keys.set(user, { user, keys: bothOf(before?.keys, words), plugins: bothOf(before?.plugins, [plugin.name]) })
      }
    }
  }
  for (const { user, plugins } of keys.values())
    if (users.get(user)?.system === true)
      problems.push(rootfsProblem(plugins, `authorized-keys: ${user} is a system user, as whom nobody logs in`))
  return { users: [...users.values()], authorizedKeys: [...keys.values()], problems }
}

/** One user for each value of the option in its name; a group or shell whose option has no value is left out. */
function filledUsers({ name, groups, shell, sudo, system }: UserWish, values: Values, plugin: string): readonly User[] {
  const shells = shell === undefined ? [] : filledWords([shell], values)
  const rights = filledWords([sudo], values)
  return filledWords([name], values).map((each) => ({
    name: each,
    groups: [...new Set(filledWords(groups, values))],
    ...(shells.length === 0 ? {} : { shell: shells.join('\n') }),
    sudo: rights.includes('true'),
    system,
    plugins: [plugin],
  }))
}

function wrongUser(user: User): readonly Problem[] {
  const wrong = (what: string) => rootfsProblem(user.plugins, what)
  return [
    ...(isName(user.name) ? [] : [wrong(NO_NAME)]),
    ...(user.groups.every(isName) ? [] : [wrong(`users: ${user.name}: an option has no name of a group`)]),
    ...(user.shell === undefined || SHELL.test(user.shell)
      ? []
      : [wrong(`users: ${user.name}: an option has no absolute path of a shell`)]),
  ]
}

function wrongRights(users: readonly UserWish[], values: Values, plugin: string): readonly Problem[] {
  return users
    .filter(({ sudo }) => filledWords([sudo], values).some((word) => word !== 'true' && word !== 'false'))
    .map(({ name, sudo }) =>
      rootfsProblem([plugin], `users: ${name}: sudo takes an option of type boolean, not ${sudo}`),
    )
}

async function wrongKeys(keys: readonly string[], plugin: string): Promise<readonly Problem[]> {
  const problems: Problem[] = []
  for (const [index, key] of keys.entries()) {
    const reading = await readOptionValue({ type: 'ssh-key' }, key)
    if ('wrong' in reading) problems.push(rootfsProblem([plugin], `authorized-keys: key ${index + 1} ${reading.wrong}`))
  }
  return problems
}

/** `default` is cloud-init's word for a user of the distribution, whose name is another one. */
function isName(word: string): boolean {
  return NAME.test(word) && word !== 'default'
}

function sameUser(one: User, other: User): boolean {
  const shape = ({ groups, shell, sudo, system }: User) => JSON.stringify([[...groups].sort(), shell, sudo, system])
  return shape(one) === shape(other)
}

function bothOf(one: readonly string[] = [], other: readonly string[]): readonly string[] {
  return [...new Set([...one, ...other])]
}

const NO_NAME = 'an option has no name of a user: lower-case letters, digits, dash and underscore, and not "default"'
const SHELL = /^\/[A-Za-z0-9_.+/-]{1,255}$/
