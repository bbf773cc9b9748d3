import type { RootfsPlan } from '../model/wishes.js'

/**
 * The cloud-config with what cloud-init's own modules do of a plan: groups, users with their keys, packages. Undefined when that is
 * nothing. JSON behind the first line, so that no value can become YAML.
 *
 * Keys of users that are not among the plan's are not in it: cloud-init would lock the password of a user that is there already, or,
 * told not to, since 24.3 unlock it (distros/__init__.py, create_user). rootfs-settings.sh adds those.
 *
 * @param withDefaultUser the list names the distribution's own user first, which cloud-init would leave out otherwise; false when
 * another part has a list of users, so that the choice is made there
 */
export function rootfsCloudConfig(plan: RootfsPlan, withDefaultUser: boolean): string | undefined {
  const { groups, users, packages } = plan
  if (groups.length + users.length + packages.length === 0) return undefined
  const entries = users.map((user) => userEntry(user, plan))
  const config = {
    merge_how: [
      { name: 'list', settings: ['append'] },
      { name: 'dict', settings: ['no_replace', 'recurse_list'] },
    ],
    ...(groups.length === 0 ? {} : { groups: groups.map(({ word }) => word) }),
    ...(users.length === 0 ? {} : { users: withDefaultUser ? ['default', ...entries] : entries }),
    ...(packages.length === 0 ? {} : { package_update: true, packages: packages.map(({ word }) => word) }),
  }
  return `#cloud-config\n${yamlSafe(JSON.stringify(config, undefined, 1))}\n`
}

function userEntry(user: RootfsPlan['users'][number], { authorizedKeys, groups }: RootfsPlan): object {
  const keys = authorizedKeys.filter((each) => each.user === user.name).flatMap((each) => each.keys)
  const shell = user.shell ?? (user.system ? '/usr/sbin/nologin' : undefined)
  return {
    name: user.name,
    lock_passwd: true,
    ...(user.groups.length === 0 ? {} : { groups: user.groups }),
    // Groups are made first; useradd refuses to make the user's own one again.
    ...(groups.some(({ word }) => word === user.name) ? { primary_group: user.name, no_user_group: true } : {}),
    ...(shell === undefined ? {} : { shell }),
    ...(user.sudo ? { sudo: 'ALL=(ALL) NOPASSWD:ALL' } : {}),
    ...(user.system ? { system: true, homedir: '/nonexistent' } : {}),
    ...(keys.length === 0 ? {} : { ssh_authorized_keys: keys }),
  }
}

/** Characters that are as they are in a JSON text, and line breaks or not allowed in a YAML one (YAML 1.1, 5.1 and 5.4). */
function yamlSafe(json: string): string {
  return json.replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
