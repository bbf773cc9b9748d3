import { describe, expect, it } from 'vitest'
import { packIsoCall } from '../../../src/tools/genisoimage.js'
import { makeMimeCall } from '../../../src/tools/make-mime.js'
import { appendToTarCall, copyTreeCall } from '../../../src/tools/tar.js'
import { aPart } from '../../fixtures/builders.js'

describe('makeMimeCall', () => {
  it('names the parts, not their paths, and works in their directory', () => {
    const parts = [aPart({ name: 'boothook.sh', type: 'cloud-boothook' }), aPart({ name: '100-x' })]

    expect(makeMimeCall(parts, '/w/parts')).toEqual({
      tool: 'cloud-init',
      args: ['devel', 'make-mime', '-a', 'boothook.sh:cloud-boothook', '-a', '100-x:x-shellscript'],
      cwd: '/w/parts',
      env: { PYTHONUTF8: '1' },
    })
  })
})

describe('packIsoCall', () => {
  it('labels the seed cidata, by which alone cloud-init finds it', () => {
    expect(packIsoCall('/w/seed', '/w/ciiso.iso')).toEqual({
      tool: 'genisoimage',
      args: ['-quiet', '-output', '/w/ciiso.iso', '-volid', 'cidata', '-joliet', '-rock', '-iso-level', '3', '/w/seed'],
    })
  })
})

describe('appendToTarCall', () => {
  it('gives everything to root, keeps attributes and holes, and packs only what the list names', () => {
    const { tool, args } = appendToTarCall('/w/payload.tar', '/p/files', '/w/list')

    expect(tool).toBe('tar')
    expect(args).toEqual(expect.arrayContaining(['--owner=0', '--group=0', '--numeric-owner', '--sparse', '--acls']))
    expect(args).toEqual(expect.arrayContaining(['--xattrs', '--no-recursion', '--null', '--files-from=/w/list']))
    // A name that begins with a dash must not become an option.
    expect(args.indexOf('--verbatim-files-from')).toBeLessThan(args.indexOf('--files-from=/w/list'))
    expect(args.indexOf('--verbatim-files-from')).toBeGreaterThan(0)
  })
})

describe('copyTreeCall', () => {
  it('follows no link but those that it is given, and takes no path for an option', () => {
    const { args } = copyTreeCall(['/from/10-a', '/from/common.sh'], '/to')

    expect(args.indexOf('-H')).toBeGreaterThan(args.indexOf('--no-dereference'))
    expect(args.slice(-4)).toEqual(['--', '/from/10-a', '/from/common.sh', '/to'])
  })
})
