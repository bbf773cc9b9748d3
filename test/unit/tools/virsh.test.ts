import { describe, expect, it } from 'vitest'
import { answersCall, destroyCall, domainEventsCall, readDomainEvent } from '../../../src/tools/virsh.js'

describe('readDomainEvent', () => {
  // Lines of `virsh event --all --loop`, libvirt 9.0.
  it.each([
    ["event 'reboot' for domain 'cvm-rewrite-1'", { kind: 'reboot' }],
    [
      "event 'lifecycle' for domain 'cvm-rewrite-1': Stopped Shutdown",
      { kind: 'lifecycle', state: 'Stopped', detail: 'Shutdown' },
    ],
    [
      "event 'lifecycle' for domain 'cvm-rewrite-1': Started Booted\r",
      { kind: 'lifecycle', state: 'Started', detail: 'Booted' },
    ],
    [
      "event 'io-error-reason' for domain 'cvm-rewrite-1': /w/work.qcow2 (virtio-disk0) pause due to enospc",
      { kind: 'io-error', reason: 'enospc' },
    ],
    ["event 'io-error' for domain 'cvm-rewrite-1': /w/work.qcow2 (virtio-disk0) pause", undefined],
    ["event 'rtc-change' for domain 'cvm-rewrite-1': 0", undefined],
    ['events received: 4', undefined],
    ['', undefined],
  ])('reads %j', (line, event) => {
    expect(readDomainEvent(line)).toEqual(event)
  })
})

describe('the calls of virsh', () => {
  it('name the connection and the domain as values of options', () => {
    expect(domainEventsCall('u', 'd').args).toEqual(['--connect', 'u', 'event', '--domain', 'd', '--all', '--loop'])
    expect(destroyCall('u', 'd').args).toEqual(['--connect', 'u', 'destroy', '--domain', 'd'])
    expect(answersCall('u').args).toEqual(['--connect', 'u', 'version', '--daemon'])
  })
})
