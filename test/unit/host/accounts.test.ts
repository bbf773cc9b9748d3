import { expect, it } from 'vitest'
import { parsePasswdLine } from '../../../src/host/accounts.js'

it('reads name, uid and gid of a passwd line', () => {
  const line = 'libvirt-qemu:x:64055:109:Libvirt Qemu,,,:/var/lib/libvirt:/usr/sbin/nologin'

  expect(parsePasswdLine(line)).toEqual({ name: 'libvirt-qemu', uid: 64055, gid: 109 })
})

it.each(['', 'nobody', 'nobody:x::', 'nobody:x:-1:5', 'toor:x:0:0:root again:/root:/bin/sh'])(
  'takes no account from %j',
  (line) => {
    expect(parsePasswdLine(line)).toBeUndefined()
  },
)
