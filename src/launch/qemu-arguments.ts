import { EMULATED_QEMU_CPU } from '../model/emulated-cpu.js'
import type { LaunchConfig, LaunchDisk, LaunchTee, LaunchWiring, QemuFlavour } from '../model/launch.js'
import { assertFirmwareFits, directBootArguments, firmwareArguments, firmwareMachineOptions } from './qemu-firmware.js'
import { qemuMemory } from './qemu-memory.js'
import { networkArguments } from './qemu-network.js'
import { optionValue } from './qemu-option.js'
import { snpMachine } from './qemu-snp.js'
import { tdxMachine } from './qemu-tdx.js'
import { tpmArguments, wiringArguments } from './qemu-wiring.js'
import type { TeeMachine } from './tee-machine.js'

/**
 * The arguments of qemu-system-x86_64 for a machine: no default devices, no screen, nothing but what is listed.
 *
 * @throws {CvmError} LAUNCH_INVALID when a confidential guest has not got its firmware in one file.
 */
export function qemuArguments(
  config: LaunchConfig,
  wiring: LaunchWiring,
  flavour: QemuFlavour = 'upstream',
): readonly string[] {
  assertFirmwareFits(config)
  const tee = teeMachine(config.tee, flavour)
  const memory = qemuMemory(config, tee?.memory)
  const machineOptions = [
    // graphics=off makes SeaBIOS, and a boot loader that writes through it, speak on the first serial port.
    'q35,graphics=off',
    ...firmwareMachineOptions(config.firmware),
    ...(tee?.machineOptions ?? []),
    ...(memory === undefined ? [] : [memory.machineOption]),
  ]
  return [
    ['-name', `guest=${optionValue(config.name)}`],
    ['-nodefaults', '-no-user-config'],
    ['-display', 'none', '-machine', machineOptions.join(',')],
    processorArguments(config, tee),
    ['-smp', String(config.vcpus), '-m', `${config.memoryMiB}M`],
    memory === undefined ? [] : ['-object', memory.object],
    tee === undefined ? [] : ['-object', tee.object],
    firmwareArguments(config.firmware),
    directBootArguments(config.directBoot),
    bootArguments(config),
    config.disks.flatMap((disk, index) => diskArguments(disk, index)),
    networkArguments(config.network),
    ['-object', 'rng-builtin,id=rng0', '-device', 'virtio-rng-pci,rng=rng0'],
    config.vsockCid === undefined ? [] : ['-device', `vhost-vsock-pci,guest-cid=${config.vsockCid}`],
    tpmArguments(config.tpm, wiring),
    wiringArguments(wiring),
  ].flat()
}

/**
 * strict: nothing but our disk is tried, so a disk without an operating system shows at once. splash-time is in milliseconds, and of no
 * use to OVMF without menu=on. Source: edk2, OvmfPkg/Library/QemuBootOrderLib, GetFrontPageTimeoutFromQemu.
 */
function bootArguments({ bootMenuWaitSeconds }: LaunchConfig): readonly string[] {
  const menu = bootMenuWaitSeconds === undefined ? 'menu=off' : `menu=on,splash-time=${bootMenuWaitSeconds * 1000}`
  return ['-boot', `${menu},strict=on`]
}

function teeMachine(tee: LaunchTee, flavour: QemuFlavour): TeeMachine | undefined {
  if (tee.kind === 'none') return undefined
  return tee.kind === 'tdx' ? tdxMachine(tee, flavour) : snpMachine(tee)
}

/** Confidential guests are never emulated. */
function processorArguments({ accel }: LaunchConfig, tee: TeeMachine | undefined): readonly string[] {
  if (tee !== undefined) return ['-accel', 'kvm', '-cpu', tee.cpu]
  if (accel === 'kvm') return ['-accel', 'kvm', '-cpu', 'host']
  return ['-accel', 'tcg,thread=multi', '-cpu', EMULATED_QEMU_CPU]
}

/** Only the first disk, the image, is one to boot from. */
function diskArguments({ path, format, readOnly, throwAway }: LaunchDisk, index: number): readonly string[] {
  const backend = [
    `driver=${format},node-name=disk${index},discard=unmap`,
    ...(readOnly ? ['read-only=on'] : []),
    ...(throwAway ? ['cache.no-flush=on,file.cache.no-flush=on'] : []),
    `file.driver=file,file.filename=${optionValue(path)}`,
  ]
  const bootIndex = index === 0 ? ',bootindex=1' : ''
  return ['-blockdev', backend.join(','), '-device', `virtio-blk-pci,drive=disk${index}${bootIndex}`]
}
