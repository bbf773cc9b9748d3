import type { GuestEvent } from '../model/guest-report.js'
import type { PartNames } from './guest-verdict.js'

/** A guest event as a person reads it; empty for events that say nothing worth a line. */
export function guestText(event: GuestEvent, parts: PartNames): string {
  switch (event.event) {
    case 'boot':
      return `guest is up, cloud-init has started (${event.s.toFixed(0)} s after power-on)`
    case 'payload':
      return event.rc === 0
        ? 'files of the plugins are in place'
        : `files could not be unpacked (tar exited ${event.rc})`
    case 'no-space':
      return 'no room for the files of the plugins'
    case 'part-start':
      return `${partText(event.part, parts)} …`
    case 'part-end':
      return event.rc === 0
        ? `${partText(event.part, parts)} done`
        : `${partText(event.part, parts)} exited ${event.rc}`
    case 'runcmd-failed':
      return `runcmd line exited ${event.rc}: ${event.command}`
    case 'note':
      return `${partText(event.part, parts)}: ${event.text}`
    case 'cloud-init':
      return `cloud-init ${event.version} finished${event.warnings.length > 0 ? ` with ${event.warnings.length} warnings` : ''}`
    case 'units':
      return event.failed.length === 0 ? 'no failed units' : `failed units: ${event.failed.join(', ')}`
    case 'inventory':
      return `${event.os}, ${event.packages.length} packages, kernel ${event.kernels.map((name) => name.replace('vmlinuz-', '')).join(', ')}`
    case 'sealed':
      return event.left.length === 0
        ? `nothing shared is left; cloud-init is ${event.cloudInit}`
        : `${event.left.length} things that copies would share are left`
    case 'listing':
      return event.number === event.of ? 'what is in it is listed' : ''
    case 'trimmed':
      return event.rc === 0 ? 'deleted data is trimmed' : `fstrim exited ${event.rc}`
    case 'failed':
      return `${partText(event.part, parts)} failed`
    case 'done':
      return 'guest is done'
  }
}

/** `60-initrd-update: guest_run.sh` for a plugin's script; words for our own parts. */
export function partText(name: string, parts: PartNames): string {
  const part = parts.get(name)
  if (part?.plugin !== undefined) return `${part.plugin}: ${part.file}`
  return OWN_PARTS[name] ?? name
}

const OWN_PARTS: Readonly<Record<string, string>> = {
  'boot-files': 'initrd and boot loader',
  'grub-settings': 'settings of the boot loader',
  'grub-check': 'reading the boot loader back',
  'initrd-settings': 'settings of the initrd',
  'initrd-check': 'reading the initrds back',
  'ima-settings': 'settings of IMA',
  'ima-label': 'labels of IMA',
  'rootfs-install': 'packages that plugins bring',
  'rootfs-settings': 'changes of the root file system',
  'rootfs-check': 'reading the root file system back',
  'read-only': 'making files read-only',
  'read-only-open': 'opening what an earlier rewrite made read-only',
  requires: 'programs that plugins require',
  'grow-root': 'growing the root file system',
  runcmd: 'runcmd lines',
}
