/** One thing that is to be so in a guest that has come up (`cvm-qemu-test --expect`). */
export type Expectation =
  /** A word of the kernel command line, exactly as it stands there. */
  | { readonly kind: 'cmdline'; readonly word: string; readonly there: boolean }
  | { readonly kind: 'secure-boot'; readonly on: boolean }
  | { readonly kind: 'tpm'; readonly there: boolean }
  /** `value`: lower-case hex digits; absent: any, as long as the bank has the register. */
  | { readonly kind: 'pcr'; readonly bank: PcrBank; readonly index: number; readonly value?: string }
  | { readonly kind: 'file'; readonly path: string; readonly is: FileWish }
  /** `version`: exactly, as dpkg or rpm print it. */
  | { readonly kind: 'package'; readonly name: string; readonly there: boolean; readonly version?: string }
  | { readonly kind: 'unit'; readonly unit: string; readonly state: UnitState }
  | { readonly kind: 'no-failed-units' }
  /** `groups`: besides others. */
  | { readonly kind: 'user'; readonly name: string; readonly there: boolean; readonly groups: readonly string[] }
  /** TCP, on any address of the guest. */
  | { readonly kind: 'port'; readonly port: number; readonly open: boolean }
  | { readonly kind: 'command'; readonly line: string; readonly exits: number | 'nonzero'; readonly limitS: number }
  /** 32 hex digits. */
  | { readonly kind: 'machine-id'; readonly differsFrom: string }

export type ExpectationKind = Expectation['kind']

/** What is asked of one file. A text is compared without the line breaks at its end. */
export type FileWish =
  | { readonly how: 'there' }
  | { readonly how: 'absent' }
  | { readonly how: 'text'; readonly text: string }
  | { readonly how: 'contains'; readonly text: string }
  /** A JavaScript regular expression; ^ and $ are the ends of a line. */
  | { readonly how: 'matches'; readonly pattern: string }
  /** 64 lower-case hex digits. */
  | { readonly how: 'sha256'; readonly digest: string }
  /** Octal digits without leading zeros, as stat(1) prints it. */
  | { readonly how: 'mode'; readonly mode: string }
  | { readonly how: 'owner'; readonly owner: string }
  | { readonly how: 'group'; readonly group: string }

/** Banks of a TPM, as the kernel names them in /sys/class/tpm/tpm0/pcr-BANK (Documentation/ABI/stable/sysfs-class-tpm). */
export const PCR_BANKS = ['sha1', 'sha256', 'sha384', 'sha512'] as const
export type PcrBank = (typeof PCR_BANKS)[number]

/** The first three are ActiveState of systemd, the next three UnitFileState; absent: there is no such unit. */
export const UNIT_STATES = ['active', 'inactive', 'failed', 'enabled', 'disabled', 'masked', 'absent'] as const
export type UnitState = (typeof UNIT_STATES)[number]

/** What the guest's probe is asked; a number of expectations may need the same. */
export type ProbeQuestion =
  | { readonly ask: 'cmdline' | 'secure-boot' | 'tpm' | 'failed-units' | 'machine-id' }
  | { readonly ask: 'pcr'; readonly bank: PcrBank; readonly index: number }
  | { readonly ask: 'file'; readonly path: string }
  | { readonly ask: 'package'; readonly name: string }
  | { readonly ask: 'unit'; readonly unit: string }
  | { readonly ask: 'user'; readonly name: string }
  /** `patient`: a port that nobody listens on yet is looked at again for some seconds. */
  | { readonly ask: 'port'; readonly port: number; readonly patient: boolean }
  | { readonly ask: 'command'; readonly line: string; readonly limitS: number }
  /** All PCRs of the banks SHA-256 and SHA-384; and /sys/kernel/security/tpm0/binary_bios_measurements. */
  | { readonly ask: 'registers' | 'event-log' }

/** What the probe has seen: fields by name, bounded, each as the bytes that the guest sent; undefined: it ran out of time. */
export type ProbeAnswer = ReadonlyMap<string, Buffer> | undefined

/** Everything that the probe has told. */
export interface ProbeFacts {
  /** By the place of the question in the list. */
  readonly answers: ReadonlyMap<number, ProbeAnswer>
  /** The guest's units had all started, or failed, before the probe looked. */
  readonly settled: boolean
}

/** How one expectation came out, in words for people; all of them printable. */
export interface ExpectationFinding {
  readonly what: string
  readonly ok: boolean
  readonly expected: string
  readonly seen: string
}
