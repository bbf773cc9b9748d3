import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import { aScratchGuest } from './scratch-guest.js'

const SCRIPT = new URL('../../../pre-stage/03-netplan/guest_run.sh', import.meta.url).pathname
const FILE = '/etc/netplan/60-cvm-dhcp.yaml'

describe('03-netplan', () => {
  it('D37: writes a file that only root can read, for DHCP by the address of the card', async () => {
    const { exitCode, text, mode } = await run({ netplan: 'exit 0' })

    expect(exitCode).toBe(0)
    expect(mode).toBe(0o600)
    expect(text?.endsWith('\n')).toBe(true)
    expect(load(text ?? '')).toEqual({
      network: {
        version: 2,
        ethernets: {
          'cvm-en': { match: { name: 'en*' }, dhcp4: true, 'dhcp-identifier': 'mac', optional: true },
        },
      },
    })
  })

  it('D37: writes nothing in a guest without netplan, and says so', async () => {
    expect(await run({})).toMatchObject({
      exitCode: 0,
      said: 'note: this guest has no netplan: nothing to do\n',
      text: undefined,
    })
  })

  it("D37: asks netplan's own generator about all files together, and fails with its words", async () => {
    const generator =
      '[ -e "$2/etc/netplan/50-own.yaml" ] && [ -e "$2/etc/netplan/60-cvm-dhcp.yaml" ] || exit 9; echo "no"; exit 1'

    const { exitCode, said } = await run({ netplan: 'exit 0' }, generator)

    expect({ exitCode, said }).toEqual({ exitCode: 1, said: 'no\n' })
  })
})

/** Runs the script in a guest with a netplan file of its own; a generator only when one is given. */
async function run(programs: Readonly<Record<string, string>>, generator?: string) {
  await using guest = await aScratchGuest(programs)
  await guest.write('/etc/netplan/50-own.yaml', 'network: {}\n', 0o600)
  if (generator !== undefined) await guest.write('/usr/libexec/netplan/generate', `#!/bin/sh\n${generator}\n`, 0o755)
  const text = await readFile(SCRIPT, 'utf8')
  const inScratch = text
    .replaceAll('/usr/libexec', guest.at('/usr/libexec'))
    .replaceAll('/usr/lib/', `${guest.at('/usr/lib')}/`)
    .replace(/(?<=[ >])\/etc\//g, guest.at('/etc/'))
    .replace('command -v netplan', 'netplan' in programs ? 'true' : 'false')
  await guest.write('/script', inScratch)
  const result = await guest.run(join(guest.root, 'script'))
  const there = existsSync(guest.at(FILE))
  return {
    ...result,
    text: there ? await guest.read(FILE) : undefined,
    mode: there ? (await stat(guest.at(FILE))).mode & 0o777 : undefined,
  }
}
