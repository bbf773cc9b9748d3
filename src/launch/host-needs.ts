import type { LaunchConfig, QemuFlavour, QuoteService } from '../model/launch.js'

/** What a host must have for this machine, in words, one need each; files are not among them. */
export function hostNeeds(config: LaunchConfig, flavour: QemuFlavour): readonly string[] {
  const { tee, accel, vcpus, memoryMiB, hugepages, network, vsockCid, tpm } = config
  return [
    teeNeed(tee.kind, flavour) ??
      (accel === 'kvm'
        ? 'KVM (/dev/kvm) and QEMU (qemu-system-x86)'
        : 'QEMU (qemu-system-x86); the guest is emulated, which is slow'),
    `${vcpus} ${vcpus === 1 ? 'CPU' : 'CPUs'} and ${memoryMiB} MiB of memory${hugepages ? ' in reserved huge pages (sysctl vm.nr_hugepages)' : ''}`,
    ...(network.kind === 'bridge'
      ? [`the bridge ${network.bridge}, which /etc/qemu/bridge.conf allows (allow ${network.bridge})`]
      : []),
    ...(network.kind === 'user' ? network.forwards : []).map(
      ({ hostPort, guestPort }) => `port ${hostPort} of 127.0.0.1 free; it leads to port ${guestPort} of the guest`,
    ),
    ...(vsockCid === undefined ? [] : [`vsock (/dev/vhost-vsock), and no other guest with the address ${vsockCid}`]),
    ...(tpm ? ['swtpm and swtpm-tools, which play the TPM'] : []),
    ...(tee.kind === 'tdx' && tee.quoteService !== undefined ? [quoteNeed(tee.quoteService)] : []),
  ]
}

/** Versions: QEMU and Linux release notes of the first ones with upstream support. */
function teeNeed(kind: LaunchConfig['tee']['kind'], flavour: QemuFlavour): string | undefined {
  if (kind === 'snp') return 'an AMD EPYC with SEV-SNP switched on, Linux 6.11 or later and QEMU 9.1 or later'
  if (kind !== 'tdx') return undefined
  return flavour === 'upstream'
    ? 'an Intel CPU with TDX switched on, Linux 6.16 or later and QEMU 10.1 or later'
    : 'an Intel CPU with TDX switched on, and Linux and QEMU of a TDX tree from before they came upstream'
}

function quoteNeed(service: QuoteService): string {
  const where = service.kind === 'unix' ? service.path : `vsock ${service.cid}:${service.port}`
  return `the quote service (qgs) at ${where}`
}
