import { join, resolve } from 'node:path'
import { CHAIN_PARTS, type ChainPart, type SecureBootWishes } from '../../model/manifest.js'
import type { Problem } from '../../model/plugin.js'
import type { AskedWord, GuestSignerPlan, SecureBootPlan } from '../../model/wishes.js'
import { manifestOf } from './manifest-place.js'
import { mergeWords } from './merge-words.js'
import { fillIn, variablesIn } from './placeholders.js'
import type { Planning, Wisher } from './plan-wishes.js'

/** Merges what plugins want of Secure Boot, in their order: certificates add up, of PK and signer there can be only one. */
export function planSecureBoot(
  plugins: readonly Wisher[],
  values: Readonly<Record<string, string>>,
): Planning<SecureBootPlan> {
  const wishes = plugins.flatMap((plugin) => wishesOf(plugin, values))
  const active = wishes.filter(({ unset }) => unset.length === 0)
  const words = (kind: 'pk' | 'kek' | 'db' | 'dbx' | 'mok' | 'signer' | 'guestSigner') =>
    mergeWords(active.map((wish) => ({ plugin: wish.plugin.name, words: wish[kind] })))
  const [pks, signers, guestSigners] = [words('pk'), words('signer'), words('guestSigner')]
  const problems = [
    ...clash(pks, 'as platform key', plugins),
    ...clash(signers, 'as signer (key, certificate)', plugins),
    ...clash(guestSigners, 'as signer in the guest (key, certificate)', plugins),
    ...active.flatMap((wish) => wish.problems),
    ...microsoftClash(active),
  ]
  const runNotes = wishes.flatMap(({ plugin, unset }) =>
    unset.length === 0 ? [] : [`${plugin.name}: ${unset.join(', ')} not given: nothing to do for Secure Boot`],
  )
  if (active.length === 0) return { problems, notes: [], runNotes }
  const [pk] = pks
  const [key, cert] = signers[0]?.word.split('\n') ?? []
  const what = CHAIN_PARTS.filter((part) => active.some((wish) => wish.what.includes(part)))
  const guestSigner = guestSigners.map(({ word, plugins: who }) => guestSignerPlan(word, who))[0]
  const plan: SecureBootPlan = {
    ...(pk === undefined ? {} : { pk }),
    kek: words('kek'),
    db: words('db'),
    dbx: words('dbx'),
    mok: words('mok'),
    microsoft: active.some(({ microsoft }) => microsoft === true),
    ...(key === undefined || cert === undefined || what.length === 0 ? {} : { sign: { key, cert, what } }),
    ...(guestSigner === undefined ? {} : { guestSigner }),
    plugins: active.map(({ plugin }) => plugin.name),
  }
  return { plan, problems, notes: [], runNotes }
}

interface Wishes {
  readonly plugin: Wisher
  readonly pk: readonly string[]
  readonly kek: readonly string[]
  readonly db: readonly string[]
  readonly dbx: readonly string[]
  readonly mok: readonly string[]
  /** Key and certificate, with a line break between. */
  readonly signer: readonly string[]
  /** As `signer`. */
  readonly guestSigner: readonly string[]
  readonly what: readonly ChainPart[]
  readonly microsoft: boolean | undefined
  /** Options without a value: one of them, and the plugin wants nothing, since half a set of keys would not boot. */
  readonly unset: readonly string[]
  readonly problems: readonly Problem[]
}

function wishesOf(plugin: Wisher, values: Readonly<Record<string, string>>): readonly Wishes[] {
  const { secureBoot } = plugin.manifest
  if (secureBoot === undefined) return []
  const unset: string[] = []
  const fill = (word: string): readonly string[] => {
    const filled = fillIn(word, values)
    if (filled === undefined) unset.push(...(variablesIn(word) ?? []).filter((name) => (values[name] ?? '') === ''))
    return filled === undefined ? [] : filled.split('\n').filter((each) => each !== '')
  }
  const files = (...list: readonly string[]) => list.flatMap(fill).map((word) => resolve(plugin.dir, word))
  const { keys, sign, what, mok, microsoft, guestSigner } = secureBoot
  const chain: readonly ChainPart[] = what === 'auto' ? CHAIN_PARTS : what
  const byFile = keyFiles(keys, files)
  const signer = sign === undefined ? byFile.signer : files(sign.key, sign.cert)
  const later = guestSigner === undefined ? NO_GUEST_SIGNER : guestSignerOf(plugin, guestSigner, values)
  const wantsElse = keys !== undefined || sign !== undefined || mok.length > 0 || microsoft !== undefined
  if (!wantsElse && later.problems.length === 0) unset.push(...later.unset)
  return [
    {
      plugin,
      ...byFile,
      dbx: typeof keys === 'object' ? keys.dbx.flatMap(fill).map((word) => digestOrPath(word, plugin.dir)) : [],
      mok: files(...mok),
      signer: signer.length === 2 && chain.length > 0 ? [signer.join('\n')] : [],
      // The default of a plugin without a signer is no wish to sign all that boots.
      what: what === 'auto' && signer.length === 0 ? [] : chain,
      microsoft,
      guestSigner: later.words,
      unset: [...new Set(unset)],
      problems: later.problems,
    },
  ]
}

interface GuestSigner {
  /** As `Wishes.signer`. */
  readonly words: readonly string[]
  readonly unset: readonly string[]
  readonly problems: readonly Problem[]
}

/** An option without a value only means that there is none of it; half of a pair is a mistake. */
function guestSignerOf(
  plugin: Wisher,
  { key, cert }: NonNullable<SecureBootWishes['guestSigner']>,
  values: Readonly<Record<string, string>>,
): GuestSigner {
  const names = [key, cert].flatMap((word) => variablesIn(word) ?? [])
  const given = names.filter((name) => (values[name] ?? '') !== '')
  const unset = names.filter((name) => !given.includes(name))
  if (unset.length === 0) {
    const paths = [key, cert].map((word) => resolve(plugin.dir, fillIn(word, values) ?? word))
    return { words: [paths.join('\n')], unset, problems: [] }
  }
  if (given.length === 0) return { words: [], unset, problems: [] }
  const what = `secure-boot.guest-signer: ${given.join(', ')} is given, and ${unset.join(', ')} is not; it takes key and certificate`
  return { words: [], unset, problems: [{ code: 'PLUGIN_INVALID', where: manifestOf(plugin), what }] }
}

function guestSignerPlan(word: string, plugins: readonly string[]): GuestSignerPlan {
  const [key = '', cert = ''] = word.split('\n')
  return { key, cert, plugins }
}

const NO_GUEST_SIGNER: GuestSigner = { words: [], unset: [], problems: [] }

/** The names in a directory are those that `cvm-rewrite firmware keys` gives. */
function keyFiles(
  keys: SecureBootWishes['keys'],
  files: (...words: readonly string[]) => readonly string[],
): Pick<Wishes, 'pk' | 'kek' | 'db' | 'signer'> {
  if (typeof keys === 'object') {
    const pk = keys.pk === undefined ? [] : files(keys.pk)
    return { pk, kek: files(...keys.kek), db: files(...keys.db), signer: [] }
  }
  const [dir] = keys === undefined ? [] : files(keys)
  if (dir === undefined) return { pk: [], kek: [], db: [], signer: [] }
  const db = join(dir, 'db.pem')
  return { pk: [join(dir, 'PK.pem')], kek: [join(dir, 'KEK.pem')], db: [db], signer: [join(dir, 'db.key'), db] }
}

/** SHA-256, SHA-384 or SHA-512 in hex, as `cvm-rewrite firmware enroll --dbx` takes them, too. */
function digestOrPath(word: string, dir: string): string {
  return /^(?:[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})$/i.test(word) ? word.toLowerCase() : resolve(dir, word)
}

function clash([one, other]: readonly AskedWord[], what: string, plugins: readonly Wisher[]): readonly Problem[] {
  if (one === undefined || other === undefined) return []
  const says = ({ plugins: who, word }: AskedWord) =>
    `${who.join(' and ')} ${who.length === 1 ? 'wants' : 'want'} ${word.replace('\n', ', ')}`
  const last = plugins.findLast(({ name }) => other.plugins.includes(name))
  const where = last === undefined ? other.plugins.join(' and ') : manifestOf(last)
  return [{ code: 'PLUGIN_INVALID', where, what: `secure-boot: ${says(one)}, ${says(other)} ${what}` }]
}

function microsoftClash(wishes: readonly Wishes[]): readonly Problem[] {
  const yes = wishes.find(({ microsoft }) => microsoft === true)
  const no = wishes.find(({ microsoft }) => microsoft === false)
  if (yes === undefined || no === undefined) return []
  const what = `secure-boot.microsoft: ${yes.plugin.name} wants Microsoft's certificates, ${no.plugin.name} does not`
  return [{ code: 'PLUGIN_INVALID', where: manifestOf(no.plugin), what }]
}
