import type { LaunchWiring } from '../model/launch.js'
import { optionValue } from './qemu-option.js'

/** The ends of the machine: its consoles, its monitor and what else talks to us. */
export function wiringArguments(wiring: LaunchWiring): readonly string[] {
  // mon: shares the terminal with the monitor (Ctrl-a c changes over) and hands Ctrl-C to the guest.
  return wiring.kind === 'terminal' ? ['-serial', 'mon:stdio'] : socketArguments(wiring)
}

/** A TPM that swtpm plays behind its socket; `tpm-crb` is the one that firmware and Linux know on every q35 machine. */
export function tpmArguments(tpm: boolean, wiring: LaunchWiring): readonly string[] {
  if (!tpm) return []
  if (wiring.tpm === undefined) throw new Error('a machine with a TPM needs the socket of its swtpm')
  return [
    ['-chardev', socket('tpm', wiring.tpm)],
    ['-tpmdev', 'emulator,id=tpm0,chardev=tpm', '-device', 'tpm-crb,tpmdev=tpm0'],
  ].flat()
}

function socketArguments(wiring: LaunchWiring & { kind: 'sockets' }): readonly string[] {
  const { serialPorts, virtioConsole, monitor, probe, humanMonitor } = wiring
  return [
    serialPorts.flatMap((path, index) => serialArguments(path, index)),
    virtioConsole === undefined && probe === undefined ? [] : ['-device', 'virtio-serial-pci'],
    virtioConsole === undefined
      ? []
      : ['-chardev', socket('hvc0', virtioConsole), '-device', 'virtconsole,chardev=hvc0'],
    probe === undefined ? [] : ['-chardev', socket('probe', probe), '-device', PROBE_DEVICE],
    // -S: the guest's CPUs wait until the monitor is listened to, so that no event is missed.
    ['-chardev', socket('monitor', monitor), '-mon', 'chardev=monitor,mode=control', '-S'],
    humanMonitor === undefined
      ? []
      : ['-chardev', `${socket('human', humanMonitor)},server=on,wait=off`, '-mon', 'chardev=human,mode=readline'],
  ].flat()
}

function serialArguments(path: string, index: number): readonly string[] {
  return ['-chardev', socket(`serial${index}`, path), '-serial', `chardev:serial${index}`]
}

/** QEMU connects to it. */
function socket(id: string, path: string): string {
  return `socket,id=${id},path=${optionValue(path)}`
}

const PROBE_DEVICE = 'virtserialport,chardev=probe,name=cvm.probe'
