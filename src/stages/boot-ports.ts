import { randomInt } from 'node:crypto'
import { assertPortFree, freePorts } from '../host/free-port.js'
import type { LaunchConfig, LaunchWishes, PortForward } from '../model/launch.js'

export interface ChosenForward extends PortForward {
  /** Nobody asked for this host port. */
  readonly chosen: boolean
}

/**
 * The ports of 127.0.0.1 that lead into the guest: those asked for, and always one to its port 22. Where none is named, a free
 * one is chosen.
 *
 * @throws CvmError LAUNCH_INVALID when a named one is in use.
 */
export async function chooseForwards(
  { network, bridge, forwards = [] }: LaunchWishes,
  sshPort: number | undefined,
  { check }: { readonly check: boolean } = { check: true },
): Promise<readonly ChosenForward[]> {
  if ((network ?? (bridge === undefined ? 'user' : 'bridge')) !== 'user') return []
  const ssh = forwards.find(({ guestPort }) => guestPort === SSH_PORT)
  const others = sshPort === undefined ? forwards : forwards.filter((forward) => forward !== ssh)
  const wanted =
    ssh !== undefined && sshPort === undefined ? others : [...others, { hostPort: sshPort ?? 0, guestPort: SSH_PORT }]
  if (check) for (const { hostPort } of wanted) if (hostPort !== 0) await assertPortFree(hostPort)

  const forwarded = await withFreePorts(wanted)
  return forwarded.map((forward, index) => ({ ...forward, chosen: wanted[index]?.hostPort === 0 }))
}

/** The same forwards, with a free port of 127.0.0.1 where none is named. */
export async function withFreePorts(forwards: readonly PortForward[]): Promise<readonly PortForward[]> {
  const free = [...(await freePorts(forwards.filter(({ hostPort }) => hostPort === 0).length))]
  return forwards.map((forward) => (forward.hostPort === 0 ? { ...forward, hostPort: free.shift() ?? 0 } : forward))
}

/** The port of this host that leads to the guest's SSH server, if there is one. */
export function sshPortOf({ network }: LaunchConfig): number | undefined {
  if (network.kind !== 'user') return undefined
  return network.forwards.find(({ guestPort }) => guestPort === SSH_PORT)?.hostPort
}

/**
 * A vsock context ID that hardly another guest has: one of two thousand million. Whether one is in use only the kernel knows, and
 * it tells when QEMU asks for it.
 */
export function freeVsockCid(): number {
  return randomInt(LOWEST_CID, HIGHEST_CID + 1)
}

/**
 * The same machine with other free ports, or another free context ID, when somebody took one in the meantime; undefined when
 * that is not what kept QEMU from starting.
 */
export async function choicesAnew(
  config: LaunchConfig,
  chosen: { readonly ports: readonly number[]; readonly vsockCid: boolean },
  qemuSaid: string,
): Promise<LaunchConfig | undefined> {
  if (chosen.vsockCid && /vsock/.test(qemuSaid) && /Address already in use/.test(qemuSaid)) {
    return { ...config, vsockCid: freeVsockCid() }
  }
  const { network } = config
  if (network.kind !== 'user' || !/host forwarding rule/.test(qemuSaid)) return undefined
  const taken = network.forwards.filter(({ hostPort }) => chosen.ports.includes(hostPort))
  if (taken.length === 0) return undefined
  const forwards = await withFreePorts(
    network.forwards.map((forward) => (taken.includes(forward) ? { ...forward, hostPort: 0 } : forward)),
  )
  return { ...config, network: { ...network, forwards } }
}

const SSH_PORT = 22
/** Away from the small numbers that people choose, and within what every program takes for a number. */
const LOWEST_CID = 2 ** 30
const HIGHEST_CID = 2 ** 31 - 1
