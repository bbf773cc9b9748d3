import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { grubGuest } from './grub-guest.js'

/** The arguments of a command line as the kernel's next_arg and grub split it: raw, and without their quotes. */
function split(line: string): readonly { readonly raw: string; readonly plain: string }[] {
  const found: { raw: string; plain: string }[] = []
  let [raw, plain, quote] = ['', '', '']
  for (const sign of line) {
    if (quote === '' && /\s/.test(sign)) {
      if (raw !== '') found.push({ raw, plain })
      ;[raw, plain] = ['', '']
      continue
    }
    raw += sign
    if (quote === '' && /["']/.test(sign)) quote = sign
    else if (sign === quote) quote = ''
    else plain += sign
  }
  return raw === '' ? found : [...found, { raw, plain }]
}

function expected(line: string): string {
  // What is to be removed, what an added argument replaces, and what is added anyway.
  const goes = (plain: string) => /^b=1$|^console=x$|^(?:a[-_]b|quiet|x)(?:=|$)/.test(plain)
  const kept = split(line).filter(({ plain }) => !goes(plain))
  return [...kept.map(({ raw }) => raw), 'a-b=7', 'console=x'].join(' ')
}

describe('what grub-settings.sh writes', () => {
  it('takes out just the arguments that are meant, of any command line', async () => {
    await using guest = await grubGuest({ dropIns: true, files: { 'etc/default/grub': '' } })
    await guest.apply({ add: ['a-b=7', 'console=x'], remove: ['quiet', 'b=1', 'x'] })
    const dropIn = join(guest.root, 'etc/default/grub.d/zz-cvm-image-rewriter-01.cfg')
    const script = 'for line; do GRUB_CMDLINE_LINUX=$line; . "$0"; printf "%s\\0" "$GRUB_CMDLINE_LINUX"; done'
    const word = fc.constantFrom(
      ...['quiet', 'quiet=1', 'quieter', 'a-b=1', 'a_b', 'ab', 'b=1', 'b=12', 'x', 'console=x', '"x"', '*', '$y', '\\'],
      ...['d="quiet x  b=1"', "e='a \" b'", '"quiet"', 'f=/dev/x', 'ü=1', '#', '~', ';', '&', '%s'],
    )
    const blank = fc.constantFrom(' ', '  ', '\t', '\n', '')
    const line = fc
      .array(fc.tuple(word, blank), { maxLength: 8 })
      .map((pairs) => pairs.map(([each, between]) => each + between).join(''))
      // With an odd number of quotes the rest of the line is one argument, whatever it is; nobody has that.
      .filter((text) => split(`${text} end`).at(-1)?.raw === 'end')

    fc.assert(
      fc.property(fc.array(line, { minLength: 20, maxLength: 60 }), (lines) => {
        const said = execFileSync('/bin/sh', ['-euc', script, dropIn, ...lines]).toString()

        expect(said.split('\0').slice(0, -1)).toEqual(lines.map(expected))
      }),
      { numRuns: 15 },
    )
  })
})
