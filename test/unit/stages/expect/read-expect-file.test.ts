import { describe, expect, it } from 'vitest'
import { readExpectBytes } from '../../../../src/stages/expect/read-expect-file.js'

const HEX = '65caf8dd1e0ea7a6347b635d2b379c93b9a1351edc2afc3ecda700e234eb3068'

async function read(text: string) {
  return readExpectBytes(Buffer.from(text), 'expect.yaml')
}

async function mistakesIn(text: string): Promise<readonly string[]> {
  const reading = await read(text)
  return 'mistakes' in reading ? reading.mistakes : []
}

describe('readExpectBytes', () => {
  it('reads every kind in its short and in its long form', async () => {
    const text = `
kernel-cmdline: { has: [ima_hash=sha384], lacks: [quiet] }
secure-boot: on
tpm: { sha256:7: ${HEX}, sha384:0: present }
files:
  /etc/motd: { contains: [hello, world], mode: '0644', owner: root, group: root }
  /etc/x: { sha256: ${HEX.toUpperCase()}, text: "a\\n", matches: ^a }
  /etc/y: absent
  /etc/z: present
packages: { openssh-server: installed, telnetd: absent, bash: 5.2.15-2+b8 }
units: { ssh.service: active, x.timer: disabled }
failed-units: none
users: { attest: { groups: [tss] }, ubuntu: absent }
ports: { 22: open, 23: closed }
commands:
  - test -e /dev/vda
  - [test, -e, "it's"]
  - { run: exit 3, exits: 3, seconds: 5 }
machine-id: { differs-from: 0123456789abcdef0123456789abcdef }
`
    const file = (path: string, is: object) => ({ kind: 'file', path, is })

    expect(await read(text)).toEqual({
      expectations: [
        { kind: 'cmdline', word: 'ima_hash=sha384', there: true },
        { kind: 'cmdline', word: 'quiet', there: false },
        { kind: 'secure-boot', on: true },
        { kind: 'pcr', bank: 'sha256', index: 7, value: HEX },
        { kind: 'pcr', bank: 'sha384', index: 0 },
        file('/etc/motd', { how: 'contains', text: 'hello' }),
        file('/etc/motd', { how: 'contains', text: 'world' }),
        file('/etc/motd', { how: 'mode', mode: '644' }),
        file('/etc/motd', { how: 'owner', owner: 'root' }),
        file('/etc/motd', { how: 'group', group: 'root' }),
        file('/etc/x', { how: 'text', text: 'a\n' }),
        file('/etc/x', { how: 'matches', pattern: '^a' }),
        file('/etc/x', { how: 'sha256', digest: HEX }),
        file('/etc/y', { how: 'absent' }),
        file('/etc/z', { how: 'there' }),
        { kind: 'package', name: 'openssh-server', there: true },
        { kind: 'package', name: 'telnetd', there: false },
        { kind: 'package', name: 'bash', there: true, version: '5.2.15-2+b8' },
        { kind: 'unit', unit: 'ssh.service', state: 'active' },
        { kind: 'unit', unit: 'x.timer', state: 'disabled' },
        { kind: 'no-failed-units' },
        { kind: 'user', name: 'attest', there: true, groups: ['tss'] },
        { kind: 'user', name: 'ubuntu', there: false, groups: [] },
        { kind: 'port', port: 22, open: true },
        { kind: 'port', port: 23, open: false },
        { kind: 'machine-id', differsFrom: '0123456789abcdef0123456789abcdef' },
        { kind: 'command', line: 'test -e /dev/vda', exits: 0, limitS: 30 },
        { kind: 'command', line: `'test' '-e' 'it'\\''s'`, exits: 0, limitS: 30 },
        { kind: 'command', line: 'exit 3', exits: 3, limitS: 5 },
      ],
    })
  })

  it('takes a list of packages, units, users and ports for what is there', async () => {
    const text = 'tpm: present\npackages: [bash]\nunits: [ssh.service]\nusers: [root]\nports: [22]\n'

    expect(await read(text)).toEqual({
      expectations: [
        { kind: 'tpm', there: true },
        { kind: 'package', name: 'bash', there: true },
        { kind: 'unit', unit: 'ssh.service', state: 'active' },
        { kind: 'user', name: 'root', there: true, groups: [] },
        { kind: 'port', port: 22, open: true },
      ],
    })
  })

  it.each([
    ['kernel-cmdline:\n  hass: [x]\n', ':2:3: kernel-cmdline: "hass" is no key here; did you mean has?'],
    ['unit: [ssh.service]\n', ':1:1: "unit" is no key here; did you mean units?'],
    ['secure-boot: yes\n', ':1:14: secure-boot: must be one of on, off'],
    ['files: { etc/motd: absent }\n', ':1:10: files.etc/motd: is no absolute path'],
    ['files:\n  /x: { mode: 0644 }\n', ':2:15: files./x.mode: must be a text (put numbers and the like in quotes)'],
    ['files:\n  /x: { matches: "(" }\n', ':2:18: files./x.matches: is no regular expression: '],
    ['tpm: { sha256:24: present }\n', ':1:8: tpm.sha256:24: is no register'],
    ['tpm: { sha256:7: 0000 }\n', ':1:18: tpm.sha256:7: must be '],
    ['ports: [0]\n', ':1:9: ports[0]: must be at least 1'],
    ['commands: [{ exits: 1 }]\n', ':1:12: commands[0].run: is missing'],
    ['units: { ssh.service: up }\n', ':1:23: units.ssh.service: must be one of active, inactive, failed'],
    ['machine-id: { differs-from: x }\n', ':1:29: machine-id.differs-from: is no machine-id'],
    ['a: [\n', ':'],
    ['', ': is empty; there is nothing to expect'],
    ['packages: []\n', ': is empty; there is nothing to expect'],
    ['x: &a 1\n', ':1:4: has an anchor, an alias or a tag; write it out'],
  ])('tells where %j is wrong, and how', async (text, mistake) => {
    expect((await mistakesIn(text))[0]).toContain(`expect.yaml${mistake}`)
  })

  it('tells all mistakes, in the order of their places', async () => {
    expect(await mistakesIn('ports: [0]\nsecure-boot: x\nunitz: []\n')).toEqual([
      expect.stringContaining('expect.yaml:1:9: '),
      expect.stringContaining('expect.yaml:2:14: '),
      expect.stringContaining('expect.yaml:3:1: '),
    ])
  })
})
