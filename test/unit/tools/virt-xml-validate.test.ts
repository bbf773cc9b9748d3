import { describe, expect, it } from 'vitest'
import { readObjections, validateDomainCall } from '../../../src/tools/virt-xml-validate.js'

describe('validateDomainCall', () => {
  it('names the schema, whatever the file is called and begins with', () => {
    expect(validateDomainCall('/scratch/x.xml')).toEqual({
      tool: 'virt-xml-validate',
      args: ['/scratch/x.xml', 'domain'],
    })
  })
})

describe('readObjections', () => {
  it("keeps what xmllint found, with lines in place of the file's name", () => {
    // Printed by virt-xml-validate of libvirt 9.0.0.
    const stderr = `/scratch/x.xml:55: element launchSecurity: Relax-NG validity error : Element launchSecurity failed to validate content
Relax-NG validity error : Extra element launchSecurity in interleave
/scratch/x.xml fails to validate
`

    expect(readObjections('/scratch/x.xml', stderr)).toEqual([
      'line 55: element launchSecurity: Relax-NG validity error : Element launchSecurity failed to validate content',
      'Relax-NG validity error : Extra element launchSecurity in interleave',
    ])
  })

  it('finds none in what a broken validator says', () => {
    expect(readObjections('/scratch/x.xml', 'schema /usr/share/libvirt/schemas/domain.rng does not exist\n')).toEqual(
      [],
    )
  })
})
