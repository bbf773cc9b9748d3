import { type Command, InvalidArgumentError } from 'commander'
import type { LaunchKey, LaunchLayer } from '../model/launch.js'
import { LAUNCH_KEYS } from '../model/launch-keys.js'
import { withImpliedKinds } from '../model/launch-rules.js'
import { LAUNCH_READERS, type LaunchWords } from '../model/launch-values.js'
import type { Reading } from '../model/reading.js'

/** Wishes of one flag; `origin` is the flag, such as `--vcpus`. */
export interface FlagWords {
  readonly origin: string
  readonly words: LaunchWords
}

interface Flag {
  readonly flags: string
  readonly what: string
  /** What the flag says with this text; absent: the flag has no value and says `{ [key]: true }`. */
  readonly read?: (text: string) => Reading<LaunchWords>
  readonly key: LaunchKey
}

/** The flags of a launch; commands that have some of these names for something else leave them out with `but`. */
export function addLaunchFlags(command: Command, but: readonly LaunchKey[] = []): Command {
  for (const flag of FLAGS.filter(({ key }) => !but.includes(key))) {
    const { flags, what, key, read } = flag
    if (read === undefined) command.option(flags, what)
    else if (LISTS.has(key)) command.option(flags, `${what}; may be repeated`, collect(read, key))
    else command.option(flags, what, checked(read))
  }
  return command
}

/** The wishes of one long flag that a command spells in another way too, such as an old letter; throws as its flag does. */
export function wordsOfFlag(key: LaunchKey, text: string): LaunchWords {
  const read = FLAGS.find((flag) => flag.key === key)?.read
  return read === undefined ? { [key]: true } : checked(read)(text)
}

/**
 * The wishes of parsed flags, one layer for each, so that each value's origin is known.
 *
 * @throws {CvmError} IDENTITY_INVALID, LAUNCH_INVALID for files that a flag names. Paths are seen from `cwd`.
 */
export async function launchLayersOf(
  options: Readonly<Record<string, unknown>>,
  cwd: string = process.cwd(),
): Promise<readonly LaunchLayer[]> {
  const given = flagWordsOf(options)
  if (given.length === 0) return []
  const { resolveLaunchWords } = await import('../stages/launch-words.js')
  const layers: LaunchLayer[] = []
  for (const { origin, words } of given) layers.push(await resolveLaunchWords(words, cwd, origin))
  return layers
}

/** The same before files are read, in the order in which people are shown them. */
export function flagWordsOf(options: Readonly<Record<string, unknown>>): readonly FlagWords[] {
  const given = FLAGS.flatMap(({ flags, key, read }): readonly FlagWords[] => {
    const value = options[attributeOf(flags)]
    if (value === undefined) return []
    // What its parser has made of it.
    return [{ origin: longOf(flags), words: read === undefined ? { [key]: value } : (value as LaunchWords) }]
  })
  return [...given].sort((one, other) => rankOf(one.words) - rankOf(other.words))
}

/** Kinds come before what depends on them. */
function rankOf(words: LaunchWords): number {
  return LAUNCH_KEYS.findIndex((key) => words[key] !== undefined)
}

function checked(read: (text: string) => Reading<LaunchWords>): (text: string) => LaunchWords {
  return (text) => {
    const reading = read(text)
    if ('wrong' in reading) throw new InvalidArgumentError(`It ${reading.wrong}.`)
    return reading.value
  }
}

function collect(read: (text: string) => Reading<LaunchWords>, key: LaunchKey) {
  return (text: string, before: LaunchWords | undefined): LaunchWords => {
    const [earlier, more] = [before?.[key], checked(read)(text)[key]]
    return { [key]: [...(Array.isArray(earlier) ? earlier : []), ...(Array.isArray(more) ? more : [])] }
  }
}

function flag(flags: string, key: LaunchKey, what: string, read: Flag['read'] = simple(key)): Flag {
  return { flags, key, what, ...(flags.includes('<') ? { read } : {}) }
}

function simple(key: LaunchKey): (text: string) => Reading<LaunchWords> {
  return (text) => {
    const reading: Reading<unknown> = LAUNCH_READERS[key](text)
    if ('wrong' in reading) return reading
    return { value: withImpliedKinds({ [key]: LISTS.has(key) ? [reading.value] : reading.value }) }
  }
}

/** `user`, `none`, `bridge:NAME`, or the CIDR of a user network. */
function readNet(text: string): Reading<LaunchWords> {
  if (text === 'user' || text === 'none') return { value: { network: text } }
  if (text.startsWith('bridge:')) return simple('bridge')(text.slice('bridge:'.length))
  const reading = LAUNCH_READERS.cidr(text)
  if ('value' in reading) return { value: { network: 'user', cidr: reading.value } }
  return /^[\d.]+\//.test(text)
    ? reading
    : { wrong: 'is no network: user, none, bridge:NAME, or a network such as 10.0.2.0/24' }
}

function longOf(flags: string): string {
  return /--[a-z-]+/.exec(flags)?.[0] ?? flags
}

/** As commander names what it has read: --host-data is hostData. */
function attributeOf(flags: string): string {
  return longOf(flags)
    .slice(2)
    .replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

const LISTS: ReadonlySet<LaunchKey> = new Set(['forwards', 'disks'])

const FLAGS: readonly Flag[] = [
  flag('--tee <kind>', 'tee', 'what protects the guest: none, tdx or snp'),
  flag('--vcpus <n>', 'vcpus', 'virtual CPUs'),
  flag('--memory <size>', 'memoryMiB', 'memory of the guest, such as 8G'),
  flag('--hugepages', 'hugepages', "memory from this host's huge pages"),
  flag('--net <network>', 'network', 'user, none, bridge:NAME, or the CIDR of a user network', readNet),
  flag('--dhcp-start <address>', 'dhcpStart', 'first address that the user network gives'),
  flag('--mac <address>', 'mac', 'address of the network card'),
  flag(
    '--forward <ports>',
    'forwards',
    'port of 127.0.0.1 that leads to one of the guest: 2222:22, or 22 for a free one',
  ),
  flag('--firmware-code <file>', 'firmwareCode', 'code of a UEFI'),
  flag('--firmware-vars <file>', 'firmwareVars', 'template of its variable store'),
  flag('--firmware-image <file>', 'firmwareImage', 'firmware in one file, as TDX and SEV-SNP need it'),
  flag('--secure-boot', 'secureBoot', 'the firmware starts signed programs only'),
  flag('--tpm', 'tpm', 'a TPM, played by swtpm'),
  flag('--boot-menu-wait <seconds>', 'bootMenuWaitSeconds', "how long the firmware's boot menu waits, up to 65"),
  flag('--kernel <file>', 'kernel', 'kernel to start directly'),
  flag('--initrd <file>', 'initrd', 'its initrd'),
  flag('--append <words>', 'cmdline', 'its command line'),
  flag('--disk <file>', 'disks', 'one more disk: PATH[,format=qcow2|raw][,read-only]'),
  flag('--vsock <cid>', 'vsockCid', 'vsock device: its context id, or free'),
  flag('--quote-service <address>', 'quoteService', "who makes a TD's quotes: vsock:2:4050 or unix:/PATH"),
  flag('--debug', 'debug', 'a TD whose memory this host can read'),
  flag('--mrowner <value>', 'mrowner', 'TDX, 48 bytes: hex, base64, file:PATH, pubkey:PATH, json:PATH'),
  flag('--mrconfigid <value>', 'mrconfigid', 'TDX, 48 bytes, in the same forms'),
  flag('--mrownerconfig <value>', 'mrownerconfig', 'TDX, 48 bytes, in the same forms'),
  flag('--host-data <value>', 'hostData', 'SEV-SNP, 32 bytes, in the same forms'),
  flag('--id-block <file>', 'idBlock', 'SEV-SNP ID block'),
  flag('--id-auth <file>', 'idAuth', 'its ID auth structure'),
  flag('--policy <bits>', 'policy', 'SEV-SNP guest policy, such as 0x30000'),
  flag('--kernel-hashes', 'kernelHashes', 'SEV-SNP: measure the kernel of a direct boot'),
  flag('--snp-cpu <model>', 'snpCpu', "SEV-SNP: QEMU's CPU model, which is measured"),
]
