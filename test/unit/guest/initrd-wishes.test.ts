import { expect, it } from 'vitest'
import { initrdWishesText } from '../../../src/guest/initrd-wishes.js'

it('gives the guest a line for each wish, and for a pattern where to look and what to take', () => {
  const asked = (word: string, ...plugins: string[]) => ({ word, plugins })

  const text = initrdWishesText({
    files: [asked('/etc/a key', '20-a', '30-b')],
    guestFiles: [asked('/etc/ssl/*.pem', '20-a'), asked('/etc//hosts', '20-a')],
    modules: [asked('tdx_guest', '20-a')],
    load: [asked('vsock', '20-a')],
    binaries: [asked('/usr/bin/lsblk', '30-b')],
  })

  expect(text.split('\n')).toEqual([
    'file\t/etc/a key\t20-a, 30-b',
    'pattern\t/etc/ssl/*.pem\t20-a\t/etc/ssl\t/etc/ssl/[^/]*\\.pem',
    'file\t/etc/hosts\t20-a',
    'module\ttdx_guest\t20-a',
    'load\tvsock\t20-a',
    'binary\t/usr/bin/lsblk\t30-b',
    '',
  ])
})
