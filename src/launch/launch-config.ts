import type { Accelerator, ImageFormat } from '../model/image.js'

/** A virtual machine to start with plain QEMU: every value decided, nothing probed. All paths are absolute. */
export interface LaunchConfig {
  /** Shown by `ps` and in QEMU's own messages; letters, digits, dashes. */
  readonly name: string
  readonly accel: Accelerator
  readonly vcpus: number
  readonly memoryMiB: number
  readonly firmware: LaunchFirmware
  readonly disk: LaunchDisk
  /** UNIX sockets that listen already, in the order ttyS0, ttyS1, …: QEMU connects to them, so that we see the first byte. */
  readonly serialPorts: readonly string[]
  /** A listening UNIX socket for the virtio console, hvc0. */
  readonly virtioConsole?: string
  /** A listening UNIX socket for the machine protocol (QMP); the guest's CPUs wait for its `cont`. */
  readonly monitor: string
  /** `user`: QEMU's own user-mode network, which needs no rights. */
  readonly network: 'user' | 'none'
}

export type LaunchFirmware =
  | { readonly kind: 'bios' }
  | {
      readonly kind: 'uefi'
      readonly code: string
      /** A copy of the variable store's template that the machine may write. */
      readonly vars: string
      readonly format: ImageFormat
    }

export interface LaunchDisk {
  readonly path: string
  readonly format: ImageFormat
  /** The disk is thrown away afterwards: flushes are not worth their time. */
  readonly throwAway: boolean
}
