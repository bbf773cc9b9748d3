import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareVersions, newestKernel, rootOf } from '../../../src/guest/kernel-choice.js'

describe('the newest kernel of a guest', () => {
  it.each([
    [
      'Debian',
      [
        'vmlinuz-6.12.9+deb13-cloud-amd64',
        'initrd.img-6.12.9+deb13-cloud-amd64',
        'vmlinuz-6.12.48+deb13-cloud-amd64',
        'initrd.img-6.12.48+deb13-cloud-amd64',
        'config-6.12.48+deb13-cloud-amd64',
      ],
      'vmlinuz-6.12.48+deb13-cloud-amd64',
      'initrd.img-6.12.48+deb13-cloud-amd64',
    ],
    [
      'Fedora',
      [
        'vmlinuz-0-rescue-5f0c',
        'initramfs-0-rescue-5f0c.img',
        'vmlinuz-6.8.5-301.fc40.x86_64',
        'initramfs-6.8.5-301.fc40.x86_64.img',
        'initramfs-6.8.5-301.fc40.x86_64kdump.img',
      ],
      'vmlinuz-6.8.5-301.fc40.x86_64',
      'initramfs-6.8.5-301.fc40.x86_64.img',
    ],
    [
      'openSUSE',
      ['vmlinuz-6.4.0-150600-default', 'initrd-6.4.0-150600-default'],
      'vmlinuz-6.4.0-150600-default',
      'initrd-6.4.0-150600-default',
    ],
  ])('is found with its initrd on %s', (_distribution, names, kernel, initrd) => {
    expect(newestKernel(names)).toMatchObject({ kernel, initrd })
  })

  it('is no kept old one, and none that is only named by a link', () => {
    expect(newestKernel(['vmlinuz', 'vmlinuz-6.1.0-9.old', 'vmlinuz-6.1.0-8'])?.kernel).toBe('vmlinuz-6.1.0-8')
    expect(newestKernel(['vmlinuz', 'initrd.img-6.1'])).toBeUndefined()
  })

  it('may do without an initrd', () => {
    expect(newestKernel(['vmlinuz-6.1.0'])).toEqual({ kernel: 'vmlinuz-6.1.0', version: '6.1.0' })
  })
})

describe('versions of kernels', () => {
  it.each([
    ['6.9.1', '6.12.0'],
    ['6.12.0-rc3', '6.12.0'],
    ['6.12.0-rc3', '6.12.0-rc10'],
    ['5.15.0-91-generic', '5.15.0-101-generic'],
    ['6.1.0-9-amd64', '6.1.0-9-cloud-amd64'],
  ])('%s comes before %s', (older, newer) => {
    expect(compareVersions(older, newer)).toBeLessThan(0)
    expect(compareVersions(newer, older)).toBeGreaterThan(0)
  })

  it('are in one order, whichever comes first', () => {
    const version = fc.stringMatching(/^[0-9][0-9a-z.+-]{0,12}$/)
    fc.assert(
      fc.property(version, version, (a, b) => {
        expect(Math.sign(compareVersions(a, b)) + Math.sign(compareVersions(b, a))).toBe(0)
      }),
    )
  })
})

describe('the root of a kernel', () => {
  const GRUB = `menuentry 'Debian GNU/Linux' {
\tlinux\t/boot/vmlinuz-6.12.1 root=UUID=7926212f-2346 ro  console=tty1
\tinitrd\t/boot/initrd.img-6.12.1
}
menuentry 'older' {
\tlinuxefi /vmlinuz-6.1 root=/dev/mapper/vg-root ro
}
`

  it('stands in its entry of grub.cfg', () => {
    expect(rootOf('vmlinuz-6.12.1', [GRUB])).toBe('UUID=7926212f-2346')
    expect(rootOf('vmlinuz-6.1', [GRUB])).toBe('/dev/mapper/vg-root')
    expect(rootOf('vmlinuz-6.13', [GRUB])).toBeUndefined()
  })

  it('stands in its entry of the Boot Loader Specification', () => {
    const entry = 'title Fedora\nlinux /vmlinuz-6.8\ninitrd /initramfs-6.8.img\noptions root=UUID=1234 ro rhgb\n'

    expect(rootOf('vmlinuz-6.8', ['set default=0\n', entry])).toBe('UUID=1234')
    expect(rootOf('vmlinuz-6.9', [entry])).toBeUndefined()
  })

  it('is not known when grub would have to work it out', () => {
    expect(rootOf('vmlinuz-6.8', ['linux /vmlinuz-6.8\noptions root=$root ro\n'])).toBeUndefined()
    expect(rootOf('vmlinuz-6.8', ['linux /vmlinuz-6.8\noptions $kernelopts\n'])).toBeUndefined()
  })
})
