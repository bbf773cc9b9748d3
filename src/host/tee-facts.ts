import { constants } from 'node:fs'
import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What a machine shows of its ability to run confidential guests; pure reading, in milliseconds. */
export interface TeeFacts {
  /** Of the first CPU. */
  readonly cpuFlags: ReadonlySet<string>
  readonly cpuVendor: 'intel' | 'amd' | 'other'
  /** `missing`: there is none; `closed`: this user may not open it. */
  readonly kvm: DeviceState
  readonly sev: DeviceState
  /** The modules' parameters, such as Y, N, 1, 0; undefined: the module is not loaded, or too old to have it. */
  readonly kvmIntelTdx: string | undefined
  readonly kvmAmdSevSnp: string | undefined
}

export type DeviceState = 'usable' | 'closed' | 'missing'

/** Reads them from /proc, /sys and /dev; `root` is another directory only in tests. */
export async function readTeeFacts(root = '/'): Promise<TeeFacts> {
  const text = async (path: string) => (await readFile(join(root, path), 'utf8').catch(() => undefined))?.trim()
  const [cpuinfo = '', kvmIntelTdx, kvmAmdSevSnp, kvm, sev] = await Promise.all([
    text('proc/cpuinfo'),
    text('sys/module/kvm_intel/parameters/tdx'),
    text('sys/module/kvm_amd/parameters/sev_snp'),
    deviceState(join(root, 'dev/kvm')),
    deviceState(join(root, 'dev/sev')),
  ])
  return { ...readCpuinfo(cpuinfo), kvm, sev, kvmIntelTdx, kvmAmdSevSnp }
}

/** Vendor and flags of the first CPU in the text of /proc/cpuinfo. */
export function readCpuinfo(cpuinfo: string): Pick<TeeFacts, 'cpuFlags' | 'cpuVendor'> {
  const value = (name: string) => new RegExp(`^${name}\\s*: (.*)$`, 'm').exec(cpuinfo)?.[1] ?? ''
  const vendor = value('vendor_id')
  return {
    cpuFlags: new Set(
      value('flags')
        .split(' ')
        .filter((flag) => flag !== ''),
    ),
    cpuVendor: vendor === 'GenuineIntel' ? 'intel' : vendor === 'AuthenticAMD' ? 'amd' : 'other',
  }
}

async function deviceState(path: string): Promise<DeviceState> {
  try {
    await access(path, constants.R_OK | constants.W_OK)
    return 'usable'
  } catch (error) {
    const gone = error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
    return gone ? 'missing' : 'closed'
  }
}
