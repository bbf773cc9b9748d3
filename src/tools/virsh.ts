import type { ToolCall } from '../model/host.js'

/** One line an event of our domain, until it is gone or the call is ended. */
export function domainEventsCall(uri: string, domain: string): ToolCall {
  return { tool: 'virsh', args: ['--connect', uri, 'event', '--domain', domain, '--all', '--loop'] }
}

/** Ends our domain at once. */
export function destroyCall(uri: string, domain: string): ToolCall {
  return { tool: 'virsh', args: ['--connect', uri, 'destroy', '--domain', domain] }
}

/** Ends our domain as if its plug were pulled, but lets QEMU write what it still holds: it is not killed when that takes long. */
export function stopCall(uri: string, domain: string): ToolCall {
  return { tool: 'virsh', args: ['--connect', uri, 'destroy', '--domain', domain, '--graceful'] }
}

/**
 * Takes away the storage pool that virt-install leaves for the directory of a disk, named like the directory.
 * The directory and what is in it are not touched by this.
 */
export function dropPoolCalls(uri: string, pool: string): readonly ToolCall[] {
  return ['pool-destroy', 'pool-undefine'].map((verb) => ({ tool: 'virsh', args: ['--connect', uri, verb, pool] }))
}

/** Asks the daemon for its version: the cheapest proof that it answers. */
export function answersCall(uri: string): ToolCall {
  return { tool: 'virsh', args: ['--connect', uri, 'version', '--daemon'] }
}

/** One line a domain: its UUID and its name. */
export function listDomainsCall(uri: string): ToolCall {
  return { tool: 'virsh', args: ['--connect', uri, 'list', '--all', '--uuid', '--name'] }
}

/** Reads the lines of listDomainsCall, such as "6695eb01-f6a4-8304-79aa-97f2502e193f test"; a name may have blanks. */
export function readDomainList(stdout: string): readonly { readonly uuid: string; readonly name: string }[] {
  return stdout.split('\n').flatMap((line) => {
    const found = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) +(.*?) *$/.exec(line)
    return found === null ? [] : [{ uuid: found[1] ?? '', name: found[2] ?? '' }]
  })
}

/** Prints the metadata of a domain under this namespace; exits 1 when there is none. */
export function metadataCall(uri: string, uuid: string, namespace: string): ToolCall {
  return { tool: 'virsh', args: ['--connect', uri, 'metadata', '--domain', uuid, '--uri', namespace] }
}

/** Prints "running", "paused", "shut off" and so on. */
export function domainStateCall(uri: string, uuid: string): ToolCall {
  return { tool: 'virsh', args: ['--connect', uri, 'domstate', '--domain', uuid] }
}

/** Defines a domain, or redefines the one with its UUID; without --validate libvirt would pass over what it does not know. */
export function defineCall(uri: string, xmlPath: string): ToolCall {
  return { tool: 'virsh', args: ['--connect', uri, 'define', '--validate', '--file', xmlPath] }
}

export function startCall(uri: string, uuid: string): ToolCall {
  return { tool: 'virsh', args: ['--connect', uri, 'start', '--domain', uuid] }
}

export type DomainEvent =
  | { readonly kind: 'reboot' }
  | { readonly kind: 'io-error'; readonly reason: string }
  | { readonly kind: 'lifecycle'; readonly state: string; readonly detail: string }

/**
 * Reads a line of `virsh event`.
 *
 * Examples (libvirt 9.0): `event 'reboot' for domain 'x'` · `event 'lifecycle' for domain 'x': Stopped Shutdown` ·
 * `event 'io-error-reason' for domain 'x': /path (virtio-disk0) pause due to enospc`.
 */
export function readDomainEvent(line: string): DomainEvent | undefined {
  const found = /^event '([a-z-]+)' for domain \S+?:?(?: (.*))?$/.exec(line.trim())
  if (found === null) return undefined
  const words = found[2] ?? ''
  if (found[1] === 'reboot') return { kind: 'reboot' }
  if (found[1] === 'io-error-reason') return { kind: 'io-error', reason: /due to (\S+)/.exec(words)?.[1] ?? words }
  if (found[1] !== 'lifecycle') return undefined
  const [state = '', ...detail] = words.split(' ')
  return { kind: 'lifecycle', state, detail: detail.join(' ') }
}
