import type { LaunchKey } from './launch.js'
import { DEFAULT_USER_NETWORK, dhcpMistake } from './launch-network.js'
import type { LaunchWords } from './launch-values.js'

/** Two wishes that do not go together. */
export interface LaunchMistake {
  /** The one that is told; it gives way when `against` is from a stronger source. */
  readonly key: LaunchKey
  readonly against: LaunchKey
  /** A sentence without its subject. */
  readonly what: string
}

/** Wishes that cannot hold at the same time, whoever asks for them. */
export function launchMistakes(wishes: LaunchWords): readonly LaunchMistake[] {
  return [
    ...KINDS.flatMap(({ key, kind, of }) => {
      const chosen = wishes[kind]
      if (wishes[key] === undefined || chosen === undefined || of.includes(chosen)) return []
      return [{ key, against: kind, what: `is for ${of.join(' or ')}, and what is asked for is ${chosen}` }]
    }),
    ...dhcpMistakes(wishes),
    ...forwardMistakes(wishes),
    ...menuMistakes(wishes),
    ...(wishes.secureBoot === true && wishes.firmware === 'bios'
      ? [
          {
            key: 'secureBoot' as const,
            against: 'firmware' as const,
            what: 'is a matter of UEFI, and a BIOS is asked for',
          },
        ]
      : []),
  ]
}

function dhcpMistakes({
  dhcpStart,
  cidr = DEFAULT_USER_NETWORK,
  network = 'user',
}: LaunchWords): readonly LaunchMistake[] {
  if (dhcpStart === undefined || network !== 'user') return []
  const what = dhcpMistake(dhcpStart, cidr)
  return what === undefined ? [] : [{ key: 'dhcpStart', against: 'cidr', what }]
}

function forwardMistakes({ forwards = [] }: LaunchWords): readonly LaunchMistake[] {
  const ports = forwards.map(({ hostPort }) => hostPort).filter((port) => port !== 0)
  const twice = ports.find((port, index) => ports.indexOf(port) !== index)
  return twice === undefined
    ? []
    : [{ key: 'forwards', against: 'forwards', what: `takes the port ${twice} of this host twice` }]
}

/** OVMF starts the kernel that QEMU gives it before its boot menu; SeaBIOS waits first. */
function menuMistakes({ bootMenuWaitSeconds = 0, kernel, firmware }: LaunchWords): readonly LaunchMistake[] {
  if (bootMenuWaitSeconds === 0 || kernel === undefined || firmware === 'bios') return []
  const what = 'is for the boot menu, and UEFI firmware starts the kernel of a direct boot before it'
  return [{ key: 'bootMenuWaitSeconds', against: 'kernel', what }]
}

/** Keys that mean something for some kinds only. */
const KINDS: readonly {
  readonly key: LaunchKey
  readonly kind: 'network' | 'firmware'
  readonly of: readonly string[]
}[] = [
  { key: 'cidr', kind: 'network', of: ['user'] },
  { key: 'dhcpStart', kind: 'network', of: ['user'] },
  { key: 'forwards', kind: 'network', of: ['user'] },
  { key: 'bridge', kind: 'network', of: ['bridge'] },
  { key: 'mac', kind: 'network', of: ['user', 'bridge'] },
  { key: 'firmwareCode', kind: 'firmware', of: ['uefi'] },
  { key: 'firmwareVars', kind: 'firmware', of: ['uefi'] },
  { key: 'firmwareImage', kind: 'firmware', of: ['rom'] },
]

/** With the kind that a wish of it implies, such as a bridge for one that is named. */
export function withImpliedKinds<Words extends LaunchWords>(wishes: Words): Words {
  const network = wishes.network ?? (wishes.bridge === undefined ? undefined : 'bridge')
  const firmware = wishes.firmware ?? impliedFirmware(wishes)
  return {
    ...wishes,
    ...(network === undefined ? {} : { network }),
    ...(firmware === undefined ? {} : { firmware }),
  }
}

function impliedFirmware({ firmwareCode, firmwareVars, firmwareImage }: LaunchWords): LaunchWords['firmware'] {
  if (firmwareImage !== undefined) return 'rom'
  return firmwareCode === undefined && firmwareVars === undefined ? undefined : 'uefi'
}
