import { describe, expect, it } from 'vitest'
import { libvirtUri } from '../../../src/stages/connect-libvirt.js'

describe('libvirtUri', () => {
  it('leaves a URI as it is', () => {
    expect(libvirtUri('qemu:///system')).toBe('qemu:///system')
  })

  it('leads to a socket by its path', () => {
    expect(libvirtUri('/run/my libvirt/sock')).toMatch(
      /^qemu\+unix:\/\/\/(system|session)\?socket=\/run\/my%20libvirt\/sock$/,
    )
  })
})
