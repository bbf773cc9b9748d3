import type {
  GrubWishes,
  PluginManifest,
  PluginOption,
  RootfsWishes,
  SecureBootWishes,
  UserWish,
} from '../../model/manifest.js'
import type { ManifestText } from './manifest-schema.js'

/** What a plugin.yaml says, with an empty list for each one that it leaves out. */
export function toManifest({
  description,
  options,
  requires,
  grub,
  initrd,
  ima,
  rootfs,
  vm,
  'launch-identity': identity,
  'secure-boot': secureBoot,
  'firmware-variables': firmwareVariables,
}: ManifestText): PluginManifest {
  return {
    ...(description === undefined ? {} : { description }),
    options: Object.entries(options ?? {}).map(([name, option]) => toOption(name, option)),
    requires: { options: [], host: [], guest: [], before: [], after: [], ...requires },
    ...(grub === undefined ? {} : { grub: toGrubWishes(grub) }),
    ...(initrd === undefined ? {} : { initrd: { files: [], modules: [], load: [], binaries: [], ...initrd } }),
    ...(ima === undefined ? {} : { ima: { label: [], ...ima } }),
    ...(rootfs === undefined ? {} : { rootfs: toRootfsWishes(rootfs) }),
    ...(vm === undefined && identity === undefined ? {} : { launch: { vm, 'launch-identity': identity } }),
    ...(secureBoot === undefined ? {} : { secureBoot: toSecureBootWishes(secureBoot) }),
    ...(firmwareVariables === undefined ? {} : { firmwareVariables }),
  }
}

/** An option as the rest of the program knows it: all values as text. */
export function toOption(name: string, { values, default: given, secret = false, ...rest }: OptionText): PluginOption {
  const fallback = Array.isArray(given) ? given.map(String).join('\n') : given
  return {
    name,
    ...rest,
    secret,
    ...(values === undefined ? {} : { values: values.map(String) }),
    ...(fallback === undefined ? {} : { default: String(fallback) }),
  }
}

function toGrubWishes({ cmdline, ...rest }: Kind<'grub'>): GrubWishes {
  return { add: [], remove: [], modules: [], ...cmdline, ...rest }
}

function toRootfsWishes(rootfs: Kind<'rootfs'>): RootfsWishes {
  const { groups = [], users = [], packages = [], debs, modes = {}, remove = [], services } = rootfs
  return {
    groups,
    users: users.map(toUserWish),
    authorizedKeys: rootfs['authorized-keys'] ?? [],
    packages,
    ...(debs === undefined ? {} : { debs }),
    modes: Object.entries(modes).map(([path, wish]) => ({
      path,
      ...(typeof wish === 'string' ? { mode: wish } : wish),
    })),
    remove,
    services: { enable: [], disable: [], mask: [], ...services },
  }
}

function toSecureBootWishes(wishes: Kind<'secure-boot'>): SecureBootWishes {
  const { keys, what = 'auto', 'guest-signer': guestSigner, ...rest } = wishes
  const files = typeof keys === 'object' ? { kek: [], db: [], dbx: [], ...keys } : keys
  return {
    mok: [],
    ...rest,
    what,
    ...(files === undefined ? {} : { keys: files }),
    ...(guestSigner === undefined ? {} : { guestSigner }),
  }
}

function toUserWish(user: NonNullable<Kind<'rootfs'>['users']>[number]): UserWish {
  if (typeof user === 'string') return { name: user, groups: [], sudo: 'false', system: false }
  return { groups: [], system: false, ...user, sudo: String(user.sudo ?? false) }
}

type OptionText = NonNullable<ManifestText['options']>[string]
type Kind<Name extends 'grub' | 'rootfs' | 'secure-boot'> = NonNullable<ManifestText[Name]>
