import type { RootfsPlan } from '../model/wishes.js'

/**
 * What the root file system is to hold, for cloud-init/guest/rootfs-*.sh: a line for each wish, of columns with tabs between them; the
 * last one says who asked for it, and `-` stands for what nobody asked for.
 */
export function rootfsWishesText(plan: RootfsPlan): string {
  const words = (kind: 'groups' | 'packages' | 'remove' | 'enable' | 'disable' | 'mask', name: string) =>
    plan[kind].map(({ word, plugins }) => [name, word, plugins] as const)
  return [
    ...words('groups', 'group'),
    ...plan.users.map(({ name, groups, shell, sudo, system, plugins }) => {
      const facts = [groups.length === 0 ? NOTHING : groups.join(','), shell ?? NOTHING, String(sudo), String(system)]
      return ['user', name, ...facts, plugins] as const
    }),
    ...plan.authorizedKeys.flatMap(({ user, keys, plugins }) =>
      keys.map((key) => ['key', user, key, plugins] as const),
    ),
    ...words('packages', 'package'),
    ...plan.debs.map(
      ({ word, plugins }, index) => ['deb', `${index}.deb`, word.replace(/^.*\//, ''), plugins] as const,
    ),
    ...plan.modes.map(
      ({ path, mode = NOTHING, owner = NOTHING, group = NOTHING, plugins }) =>
        ['mode', path, mode, owner, group, plugins] as const,
    ),
    ...words('remove', 'remove'),
    ...words('enable', 'enable'),
    ...words('disable', 'disable'),
    ...words('mask', 'mask'),
  ]
    .map((columns) => line(columns.map((column) => (typeof column === 'string' ? column : column.join(', ')))))
    .join('')
}

/** The planning has refused such words; here one more of them would change the meaning of a whole line. */
function line(columns: readonly string[]): string {
  const wrong = columns.find((column) => column === '' || /[\t\r\n\0]/.test(column))
  if (wrong !== undefined)
    throw new Error(`a word for the guest is empty, or has a tab or line break: ${JSON.stringify(wrong)}`)
  return `${columns.join('\t')}\n`
}

const NOTHING = '-'
