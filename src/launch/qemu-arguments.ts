import { EMULATED_QEMU_CPU } from '../model/emulated-cpu.js'
import type { Accelerator } from '../model/image.js'
import type { LaunchConfig, LaunchDisk, LaunchFirmware, LaunchNetwork, LaunchWiring } from '../model/launch.js'

/** The arguments of qemu-system-x86_64 for a machine: no default devices, no screen, nothing but what is listed. */
export function qemuArguments(config: LaunchConfig, wiring: LaunchWiring): readonly string[] {
  return [
    ['-name', `guest=${value(config.name)}`],
    ['-nodefaults', '-no-user-config'],
    // graphics=off makes SeaBIOS, and a boot loader that writes through it, speak on the first serial port.
    ['-display', 'none', '-machine', 'q35,graphics=off'],
    acceleratorArguments(config.accel),
    ['-smp', String(config.vcpus), '-m', `${config.memoryMiB}M`],
    firmwareArguments(config.firmware),
    // strict: nothing but our disk is tried, so a disk without an operating system shows at once.
    ['-boot', 'menu=off,strict=on'],
    config.disks.flatMap((disk, index) => diskArguments(disk, index)),
    networkArguments(config.network),
    ['-object', 'rng-builtin,id=rng0', '-device', 'virtio-rng-pci,rng=rng0'],
    wiring.kind === 'sockets' ? socketArguments(wiring) : ['-serial', 'mon:stdio'],
  ].flat()
}

function socketArguments({
  serialPorts,
  virtioConsole,
  monitor,
}: LaunchWiring & { kind: 'sockets' }): readonly string[] {
  return [
    serialPorts.flatMap((socket, index) => serialArguments(socket, index)),
    virtioConsole === undefined ? [] : virtioConsoleArguments(virtioConsole),
    // -S: the guest's CPUs wait until the monitor is listened to, so that no event is missed.
    ['-chardev', `socket,id=monitor,path=${value(monitor)}`, '-mon', 'chardev=monitor,mode=control', '-S'],
  ].flat()
}

function acceleratorArguments(accel: Accelerator): readonly string[] {
  if (accel === 'kvm') return ['-accel', 'kvm', '-cpu', 'host']
  return ['-accel', 'tcg,thread=multi', '-cpu', EMULATED_QEMU_CPU]
}

function firmwareArguments(firmware: LaunchFirmware): readonly string[] {
  if (firmware.kind === 'bios') return []
  if (firmware.kind === 'rom') return ['-bios', firmware.path]
  const { code, vars, format } = firmware
  return [
    ['-drive', `if=pflash,unit=0,format=${format},readonly=on,file=${value(code)}`],
    ['-drive', `if=pflash,unit=1,format=${format},file=${value(vars)}`],
  ].flat()
}

function diskArguments({ path, format, throwAway }: LaunchDisk, index: number): readonly string[] {
  const cache = throwAway ? ',cache.no-flush=on,file.cache.no-flush=on' : ''
  return [
    [
      '-blockdev',
      `driver=${format},node-name=disk${index},discard=unmap${cache},file.driver=file,file.filename=${value(path)}`,
    ],
    ['-device', `virtio-blk-pci,drive=disk${index},bootindex=${index + 1}`],
  ].flat()
}

function networkArguments(network: LaunchNetwork): readonly string[] {
  if (network.kind === 'none') return ['-nic', 'none']
  // Without its option ROM the card is no boot device for a BIOS.
  return ['-netdev', 'user,id=net0,restrict=off', '-device', 'virtio-net-pci,netdev=net0,romfile=']
}

function serialArguments(socket: string, index: number): readonly string[] {
  return ['-chardev', `socket,id=serial${index},path=${value(socket)}`, '-serial', `chardev:serial${index}`]
}

function virtioConsoleArguments(socket: string): readonly string[] {
  return [
    ['-device', 'virtio-serial-pci'],
    ['-chardev', `socket,id=hvc0,path=${value(socket)}`, '-device', 'virtconsole,chardev=hvc0'],
  ].flat()
}

/** In QEMU's option syntax a comma ends a value; a doubled one is a comma. Source: QEMU, util/keyval.c and qemu-option.c. */
function value(text: string): string {
  return text.replaceAll(',', ',,')
}
