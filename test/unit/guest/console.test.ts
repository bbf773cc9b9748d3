import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConsoleReader } from '../../../src/guest/console.js'

function read(text: string | Uint8Array): { reader: ConsoleReader; kinds: readonly string[] } {
  const reader = new ConsoleReader()
  const signs = reader.feed(typeof text === 'string' ? Buffer.from(text) : text)
  return { reader, kinds: signs.map((sign) => sign.kind) }
}

const BOOT = [
  '\x1b[2J\x1b[01;01H\x1b[=3h\x1b[2J\x1b[01;01HBdsDxe: loading Boot0001 "UEFI Misc Device" from PciRoot(0x0)/Pci(0x3,0x0)\r\n',
  'BdsDxe: starting Boot0001 "UEFI Misc Device" from PciRoot(0x0)/Pci(0x3,0x0)\r\n',
  '\x1b[0m\x1b[30;47mWelcome to GRUB!\n\r\n\r\x1b[37;40m\x1b[0m\x1b[30;47m\x1b[37;40m\x1b[5;22HGNU GRUB  version 2.12-9\x1b[7;2H',
  "\x1b[1;1H  Booting `Debian GNU/Linux'\r\n\r\n",
  '[    0.000000] Linux version 6.12.48+deb13-cloud-amd64 (x@y)\r\n',
  '\r\nWelcome to \x1b[1mDebian GNU/Linux 13 (trixie)\x1b[0m!\r\n\r\n',
  '\x1b[K[\x1b[0;31m*     \x1b[0m] Job dev-vda15.device/start running (5s / 1min 30s)\r\x1b[K',
  '[\x1b[0;1;31mFAILED\x1b[0m] Failed to start \x1b[0;1;39mx.service\x1b[0m - X.\r\n',
  '[\x1b[0;32m  OK  \x1b[0m] Reached target \x1b[0;1;39mmulti-user.target\x1b[0m - Multi-User System.\r\n',
  '\r\nDebian GNU/Linux 13 debian ttyS0\r\n\r\ndebian login: ',
].join('')

const BOOT_KINDS = [
  'firmware',
  'firmware',
  'boot-loader',
  'boot-loader',
  'boot-loader',
  'kernel',
  'init',
  'failed-unit',
  'target',
  'login',
]

describe('ConsoleReader', () => {
  it('finds the signs of a boot in order', () => {
    expect(read(BOOT).kinds).toEqual(BOOT_KINDS)
  })

  it('finds the same signs and lines however the bytes are cut', () => {
    const bytes = Buffer.from(`${BOOT}\r\nü€🙂 end\r\n`)
    const whole = read(bytes)

    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 60 }), (sizes) => {
        const reader = new ConsoleReader()
        const kinds: string[] = []
        for (let at = 0, n = 0; at < bytes.length; n += 1) {
          const size = sizes[n % sizes.length] ?? 1
          kinds.push(...reader.feed(bytes.subarray(at, at + size)).map((sign) => sign.kind))
          at += size
        }
        expect(kinds).toEqual(whole.kinds)
        expect(reader.lastLines(50)).toEqual(whole.reader.lastLines(50))
      }),
    )
  })

  it('tells a login prompt before its line ends, and only once', () => {
    const reader = new ConsoleReader()

    expect(reader.feed(Buffer.from('\r\ndebian lo'))).toEqual([])
    expect(reader.feed(Buffer.from('gin: ')).map((sign) => sign.detail)).toEqual(['debian'])
    expect(reader.feed(Buffer.from('\x07'))).toEqual([])
    expect(reader.feed(Buffer.from('\r\n'))).toEqual([])
  })

  it('shows what overwrote a progress line', () => {
    const { reader } = read('10%\r20%\r30%\r\nnext')

    expect(reader.lastLines(10)).toEqual(['30%', 'next'])
    expect(reader.currentLine()).toBe('next')
  })

  it('takes cursor movement for a line end, as firmware and grub use it', () => {
    expect(read('one\x1b[2;1Htwo\x1b[Bthree').reader.lastLines(10)).toEqual(['one', 'two', 'three'])
  })

  it('cuts a line without an end and says how much it left out', () => {
    const reader = new ConsoleReader()
    for (let n = 0; n < 160; n += 1) reader.feed(Buffer.alloc(65_536, 'x'))

    expect(reader.currentLine()).toMatch(/^x{500}… \(\+\d+ characters\)$/)
    expect(reader.feed(Buffer.from('\nKernel panic - not syncing: x\n')).map((sign) => sign.kind)).toEqual(['panic'])
  })

  it('does not let an unfinished escape string hide what follows', () => {
    expect(read('\x1b]0;title without end\nKernel panic - not syncing: x\n').kinds).toEqual(['panic'])
    expect(read(`\x1bP${'x'.repeat(2000)}\nKernel panic - not syncing: x\n`).kinds).toEqual(['panic'])
  })

  it('ignores NUL, bells and invalid UTF-8', () => {
    const { reader } = read(Uint8Array.of(0, 7, 0x61, 0, 0xff, 0xc3, 0x28, 0x0a))

    expect(reader.lastLines(1)).toEqual(['a\ufffd\ufffd('])
  })

  it('keeps the last 200 lines, and gives no more than asked for', () => {
    const { reader } = read(Array.from({ length: 1000 }, (_, n) => `line ${n}\n`).join(''))

    expect(reader.lastLines(2)).toEqual(['line 998', 'line 999'])
    expect(reader.lastLines(1000)).toHaveLength(200)
    expect(reader.lastLines(0)).toEqual([])
  })

  it('gives each ended line once to whoever follows', () => {
    const reader = new ConsoleReader()
    reader.feed(Buffer.from('one\ntwo\nthr'))

    expect(reader.newLines(50)).toEqual(['one', 'two'])
    expect(reader.newLines(50)).toEqual([])
    reader.feed(Buffer.from('ee\nfour\nfive\n'))
    expect(reader.newLines(2)).toEqual(['four', 'five'])
  })

  it('never gives out a control character', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const { reader } = read(bytes)
        for (const line of reader.lastLines(200)) expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u)
      }),
      { numRuns: 500 },
    )
  })

  it('reads 64 MB of short lines in seconds', () => {
    const reader = new ConsoleReader()
    const chunk = Buffer.from('[   12.345678] some driver: a line like a flood has\r\n'.repeat(1300))
    const started = performance.now()
    for (let bytes = 0; bytes < 64 * 1024 * 1024; bytes += chunk.length) reader.feed(chunk)

    expect(performance.now() - started).toBeLessThan(8000)
  })
})
