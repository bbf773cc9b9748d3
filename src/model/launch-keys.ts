import type { LaunchKey } from './launch.js'

/** Where each wish stands in a launch file, and in a plugin.yaml; in the order in which people are shown them. */
export const LAUNCH_PATHS: Readonly<Record<LaunchKey, string>> = {
  tee: 'tee',
  vcpus: 'vm.vcpus',
  memoryMiB: 'vm.memory',
  hugepages: 'vm.hugepages',
  network: 'vm.network.type',
  cidr: 'vm.network.cidr',
  dhcpStart: 'vm.network.dhcp-start',
  bridge: 'vm.network.bridge',
  mac: 'vm.network.mac',
  forwards: 'vm.network.forward',
  firmware: 'vm.firmware.type',
  firmwareCode: 'vm.firmware.code',
  firmwareVars: 'vm.firmware.vars',
  firmwareImage: 'vm.firmware.image',
  secureBoot: 'vm.secure-boot',
  tpm: 'vm.tpm',
  bootMenuWaitSeconds: 'vm.boot-menu-wait',
  kernel: 'vm.kernel',
  initrd: 'vm.initrd',
  cmdline: 'vm.cmdline',
  disks: 'vm.disks',
  vsockCid: 'vm.vsock',
  quoteService: 'vm.quote-service',
  debug: 'vm.debug',
  mrowner: 'launch-identity.mrowner',
  mrconfigid: 'launch-identity.mrconfigid',
  mrownerconfig: 'launch-identity.mrownerconfig',
  hostData: 'launch-identity.host-data',
  idBlock: 'launch-identity.id-block',
  idAuth: 'launch-identity.id-auth',
  policy: 'launch-identity.policy',
  kernelHashes: 'launch-identity.kernel-hashes',
  snpCpu: 'launch-identity.cpu',
}

/** All keys, in the same order. */
export const LAUNCH_KEYS = Object.keys(LAUNCH_PATHS) as readonly LaunchKey[]

/** Wishes that name a file. */
export const PATH_KEYS = ['firmwareCode', 'firmwareVars', 'firmwareImage', 'kernel', 'initrd'] as const

/** Wishes that are bytes of the launch identity: words to begin with, hex once they are resolved. */
export const IDENTITY_KEYS = ['mrowner', 'mrconfigid', 'mrownerconfig', 'hostData', 'idBlock', 'idAuth'] as const
