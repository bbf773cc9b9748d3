import type { QemuFlavour, QuoteService, TdxLaunch } from '../model/launch.js'
import { base64OfHex } from './hex-base64.js'
import { jsonObject, type QemuProperty } from './qemu-option.js'
import type { TeeMachine } from './tee-machine.js'

/**
 * How QEMU makes a TD.
 *
 * Upstream: QEMU 10.1, qapi/qom.json (TdxGuestProperties): digests in base64, the quote service as a SocketAddress. Forks before it:
 * digests in hex, the quote service as one word, and a memory backend of their own.
 * Both want the CPU of the host and interrupts split between KVM and QEMU.
 */
export function tdxMachine(tdx: TdxLaunch, flavour: QemuFlavour): TeeMachine {
  const upstream = flavour === 'upstream'
  return {
    // The forks do not see by themselves that a TD has no performance counters and no account of stolen time.
    cpu: upstream ? 'host' : 'host,-kvm-steal-time,pmu=off',
    machineOptions: [
      'kernel-irqchip=split',
      `confidential-guest-support=${ID}`,
      // A TD takes no interrupts from the emulated timer.
      ...(upstream ? ['hpet=off'] : []),
    ],
    memory: upstream ? 'memory-backend-ram' : 'memory-backend-memfd-private',
    object: jsonObject({
      'qom-type': 'tdx-guest',
      id: ID,
      ...(upstream ? upstreamProperties(tdx) : forkProperties(tdx)),
    }),
  }
}

type Properties = Readonly<Record<string, QemuProperty | undefined>>

function upstreamProperties({ mrconfigid, mrowner, mrownerconfig, quoteService, debug }: TdxLaunch): Properties {
  return {
    // It replaces all attributes; SEPT_VE_DISABLE alone is QEMU's own default.
    attributes: debug ? tdAttributes(true) : undefined,
    mrconfigid: mrconfigid && base64OfHex(mrconfigid),
    mrowner: mrowner && base64OfHex(mrowner),
    mrownerconfig: mrownerconfig && base64OfHex(mrownerconfig),
    'quote-generation-socket': quoteService && socketAddress(quoteService),
  }
}

function forkProperties({ mrconfigid, mrowner, mrownerconfig, quoteService, debug }: TdxLaunch): Properties {
  return {
    'sept-ve-disable': true,
    debug: debug || undefined,
    mrconfigid,
    mrowner,
    mrownerconfig,
    'quote-generation-service': quoteService && socketWord(quoteService),
  }
}

/** QEMU's SocketAddress; the numbers of a vsock are strings there. Source: QEMU, qapi/sockets.json. */
function socketAddress(service: QuoteService): Properties & QemuProperty {
  if (service.kind === 'unix') return { type: 'unix', path: service.path }
  return { type: 'vsock', cid: String(service.cid), port: String(service.port) }
}

/** What QEMU's socket_parse() reads, such as vsock:2:4050. Source: QEMU, util/qemu-sockets.c. */
function socketWord(service: QuoteService): string {
  return service.kind === 'unix' ? `unix:${service.path}` : `vsock:${service.cid}:${service.port}`
}

/**
 * The attributes of a TD, as QEMU's `attributes` and libvirt's `<policy>` write them. SEPT_VE_DISABLE, without which Linux does not
 * boot, is always among them. QEMU 10.1 itself refuses DEBUG and says so.
 * Source: Intel TDX Module ABI, ATTRIBUTES; QEMU 10.1, target/i386/kvm/tdx.c.
 */
export function tdAttributes(debug: boolean): bigint {
  return debug ? SEPT_VE_DISABLE | DEBUG : SEPT_VE_DISABLE
}

const ID = 'tdx0'
const DEBUG = 1n
const SEPT_VE_DISABLE = 1n << 28n
