import { describe, expect, it } from 'vitest'
import type { PluginManifest } from '../../../../src/model/manifest.js'
import { manifestFrom } from '../../../../src/plugins/manifest/read-manifest.js'
import type { Findings } from '../../../../src/plugins/plugin-files.js'

/** What is told of a text, by line: `LINE:COLUMN what`, or `- what` when it is about all of it. */
async function told(text: string | Uint8Array): Promise<readonly string[]> {
  const found: Findings = { problems: [], notes: [] }
  const manifest = await manifestFrom(Buffer.from(text), 'x/plugin.yaml', found)
  expect(manifest === undefined).toBe(found.problems.length > 0)
  for (const each of found.problems) expect(each.code).toBe('PLUGIN_INVALID')
  return found.problems.map(({ where, what }) => `${where.replace(/^x\/plugin\.yaml:?/, '') || '-'} ${what}`)
}

async function read(text: string | Uint8Array): Promise<PluginManifest | undefined> {
  const found: Findings = { problems: [], notes: [] }
  const manifest = await manifestFrom(Buffer.from(text), 'x/plugin.yaml', found)
  expect(found.problems).toEqual([])
  return manifest
}

const NOTHING = { options: [], requires: { options: [], host: [], guest: [], before: [], after: [] } }

describe('a plugin.yaml', () => {
  it('is read with all its keys', async () => {
    const text = `
description: Does all.
options:
  COLOUR: { type: enum, values: [red, 7, true], default: red, description: Of the paint. }
  PORTS: { type: list, of: integer, default: [80, 443] }
  WORDS: { type: list }
  TOKEN_X: { type: string, secret: true }
requires: { options: [WORDS], host: [qemu-img], guest: [useradd], before: [98-ima], after: [01-a] }
grub:
  cmdline: { add: [a=1, colour=$COLOUR, $WORDS], remove: [quiet] }
  modules: [tpm]
  timeout: 0
`
    expect(await read(text)).toEqual({
      description: 'Does all.',
      options: [
        {
          name: 'COLOUR',
          type: 'enum',
          values: ['red', '7', 'true'],
          default: 'red',
          secret: false,
          description: 'Of the paint.',
        },
        { name: 'PORTS', type: 'list', of: 'integer', default: '80\n443', secret: false },
        { name: 'WORDS', type: 'list', secret: false },
        { name: 'TOKEN_X', type: 'string', secret: true },
      ],
      requires: { options: ['WORDS'], host: ['qemu-img'], guest: ['useradd'], before: ['98-ima'], after: ['01-a'] },
      grub: { add: ['a=1', 'colour=$COLOUR', '$WORDS'], remove: ['quiet'], modules: ['tpm'], timeout: 0 },
    })
  })

  it('is read with what the other kinds have', async () => {
    const text = `
initrd: { files: [etc/a], load: [tpm] }
ima: { policy: ima-policy }
rootfs:
  users: [anna, { name: bert, sudo: true }]
  modes: { /etc/a: '0600', /etc/b: { owner: anna } }
  authorized-keys: [{ user: anna, keys: [k] }]
`
    expect(await read(text)).toEqual({
      ...NOTHING,
      initrd: { files: ['etc/a'], modules: [], load: ['tpm'], binaries: [] },
      ima: { policy: 'ima-policy', label: [] },
      rootfs: {
        groups: [],
        users: [
          { name: 'anna', groups: [], sudo: 'false', system: false },
          { name: 'bert', groups: [], sudo: 'true', system: false },
        ],
        authorizedKeys: [{ user: 'anna', keys: ['k'] }],
        packages: [],
        modes: [
          { path: '/etc/a', mode: '0600' },
          { path: '/etc/b', owner: 'anna' },
        ],
        remove: [],
        services: { enable: [], disable: [], mask: [] },
      },
    })
  })

  it.each([
    ['with the line ends of Windows', 'grub:\r\n  timeout: 1\r\n'],
    ['with a byte order mark', '\uFEFFgrub:\n  timeout: 1\n'],
    ['with a comment for an editor', '# yaml-language-server: $schema=x.json\ngrub:\n  timeout: 1\n'],
    ['as JSON', '{"grub": {"timeout": 1}}'],
    ['between the marks of a document', '---\ngrub: { timeout: 1 }\n...\n'],
  ])('may be written %s', async (_, text) => {
    expect(await read(text)).toEqual({ ...NOTHING, grub: { add: [], remove: [], modules: [], timeout: 1 } })
  })
})

describe('a mistake in a plugin.yaml is told with its place and what would be right', () => {
  it.each([
    // Keys.
    ['grubb: {}', '1:1 "grubb" is no key here; did you mean grub?'],
    ['grub:\n  cmdlin: {}', '2:3 grub: "cmdlin" is no key here; did you mean cmdline?'],
    ['grub:\n  cmdline:\n    ad: [a]', '3:5 grub.cmdline: "ad" is no key here; did you mean add?'],
    ['cmdline: {}', '1:1 "cmdline" is no key here; it stands in grub'],
    ['grub:\n  colour: red', '2:3 grub: "colour" is no key here; there are: cmdline, modules, timeout'],
    [
      'options:\n  A:\n    type: string\n    secrt: true',
      '4:5 options.A: "secrt" is no key here; did you mean secret?',
    ],
    [
      'rootfs: { users: [{ name: a, sudoo: true }] }',
      '1:30 rootfs.users[0]: "sudoo" is no key here; did you mean sudo?',
    ],
    ['options:\n  A:\n    description: x', '3:5 options.A.type: is missing'],
    ['rootfs:\n  modes:\n    /a: { ownr: a }', '3:11 rootfs.modes./a: "ownr" is no key here; did you mean owner?'],
    ['rootfs: { authorized-keys: [{ user: a }] }', '1:29 rootfs.authorized-keys[0].keys: is missing'],
    ['requires: { hosts: [a] }', '1:13 requires: "hosts" is no key here; did you mean host?'],
    ['toString: 1', expect.stringMatching(/^1:1 "toString" is no key here; there are: description, /)],
    ['__proto__: 1', expect.stringMatching(/^1:1 "__proto__" is no key here; there are: /)],
    ['grub: { timeout: 1 }\ngrub: {}', '2:1 duplicated mapping key'],
    ['grub:\n  timeout: 1\n  timeout: 2', '3:3 duplicated mapping key'],
    // Kinds of values.
    ['[]', '1:1 must be a mapping (key: value)'],
    ['a text', '1:1 must be a mapping (key: value)'],
    ['ima: {}\ngrub:\n', '2:1 grub: must be a mapping (key: value)'],
    ['grub: yes', '1:7 grub: must be a mapping (key: value)'],
    ['grub: { cmdline: { add: quiet } }', '1:25 grub.cmdline.add: must be a list'],
    [
      'grub: { cmdline: { add: [1] } }',
      '1:26 grub.cmdline.add[0]: must be a text (put numbers and the like in quotes)',
    ],
    ['grub:\n  timeout: "1"', '2:12 grub.timeout: must be a whole number'],
    ['grub: { timeout: 1.5 }', '1:18 grub.timeout: must be a whole number'],
    ['grub: { timeout: -1 }', '1:18 grub.timeout: must be at least 0'],
    ['grub: { timeout: 3601 }', '1:18 grub.timeout: must be at most 3600'],
    ['description: ""', '1:14 description: must not be empty'],
    [
      'rootfs: { users: [3] }',
      '1:19 rootfs.users[0]: must be a text (put numbers and the like in quotes) or a mapping (key: value)',
    ],
    [
      'rootfs: { modes: { /a: 0640 } }',
      '1:24 rootfs.modes./a: must be a text (put numbers and the like in quotes) or a mapping (key: value)',
    ],
    ['rootfs: { users: [{ name: a, sudo: perhaps }] }', '1:36 rootfs.users[0].sudo: must be true or false'],
    [
      'options: { A: { type: string, default: { a: 1 } } }',
      '1:40 options.A.default: must be a text (put numbers and the like in quotes), a whole number, true or false or a list',
    ],
    // Texts.
    [
      'options: { A: { type: strin } }',
      '1:23 options.A.type: must be one of string, integer, boolean, size, path, enum, ssh-key, user, list',
    ],
    [
      'options: { colour: { type: string } }',
      '1:12 options.colour: is no name of an option: capital letters, digits and underscores, a letter first',
    ],
    [
      'grub: { cmdline: { add: [a b] } }',
      '1:26 grub.cmdline.add[0]: is no kernel argument: one word, without quotes and signs that a shell knows',
    ],
    ['grub: { modules: [../tpm] }', '1:19 grub.modules[0]: is no name of a grub module, such as tpm'],
    [
      'requires: { host: [/bin/sh] }',
      '1:20 requires.host[0]: is no name of a program: letters, digits, dot, plus, dash, no path',
    ],
    ['requires: { before: [ima] }', '1:22 requires.before[0]: is no full name of a plugin, such as 03-netplan'],
    ['ima: { hash: md5 }', '1:14 ima.hash: must be sha256, sha384 or sha512'],
    [
      'rootfs: { modes: { a: "0600" } }',
      '1:20 rootfs.modes.a: is no absolute path: it starts with "/", has no "." or ".." in it and no "/" at its end',
    ],
    // What the schema cannot say.
    [
      'options: { PATH: { type: string } }',
      '1:12 options.PATH: is a name that has a meaning of its own; choose another one',
    ],
    ['options: { A: { type: enum } }', '1:15 options.A: needs values: what it may be'],
    ['options: { A: { type: string, values: [a] } }', '1:39 options.A.values: is for enums; the type is another one'],
    ['options: { A: { type: string, of: user } }', '1:35 options.A.of: is for lists; the type is another one'],
    ['options: { A: { type: string, default: [a] } }', '1:40 options.A.default: is a list; the type is another one'],
    ['options: { A: { type: integer, default: many } }', '1:41 options.A.default: the default is not a whole number'],
    [
      'options: { A: { type: list, of: user, default: [a, B] } }',
      '1:48 options.A.default: the default item 2 is not a user name: lower-case letters, digits, dash and underscore',
    ],
    [
      'options: { A: { type: string, secret: true, default: x } }',
      '1:54 options.A.default: a secret has no default: all can read it here',
    ],
    ['requires: { options: [A] }', "1:23 requires.options[0]: A is not among this plugin's options"],
    [
      'grub: { cmdline: { add: [a=$A] } }',
      "1:26 grub.cmdline.add[0]: takes $A, which is not among this plugin's options",
    ],
    [
      'grub: { cmdline: { remove: [a=$a] } }',
      '1:29 grub.cmdline.remove[0]: has a "$" without the name of an option behind it',
    ],
    [
      'grub: { cmdline: { add: [a$$A] } }',
      '1:26 grub.cmdline.add[0]: has a "$" without the name of an option behind it',
    ],
    [
      'options: { A: { type: string, secret: true } }\ngrub: { cmdline: { add: [a=$A] } }',
      '2:26 grub.cmdline.add[0]: takes $A, which is secret: what stands here can be read by all',
    ],
    [
      'options: { A: { type: string, secret: true } }\nrootfs: { remove: [$A] }',
      '2:20 rootfs.remove[0]: takes $A, which is secret: what stands here can be read by all',
    ],
    // YAML.
    ['grub:\n\ttimeout: 1', '2:1 tab characters must not be used in indentation'],
    ['grub: [', '1:8 unexpected end of the stream within a flow collection'],
    ['a: &x 1', '1:4 has an anchor, an alias or a tag; write it out'],
    ['grub: &x {}\ninitrd: *x', '1:7 has an anchor, an alias or a tag; write it out'],
    ['grub: !!map {}', '1:7 has an anchor, an alias or a tag; write it out'],
    ['grub: {}\n---\n\nima: {}', '4:1 has a second document; there can be only one'],
    ['? [a]\n: b', '1:1 object-based map does not support complex keys'],
    ['', '- is empty; remove it, or say something in it'],
    ['# nothing\n\n', '- is empty; remove it, or say something in it'],
    ['---\n', '- is empty; remove it, or say something in it'],
    ['null', '- is empty; remove it, or say something in it'],
    ['a: \u0007', expect.stringMatching(/^1:\d non-printable|^1:\d .*non-printable characters/)],
  ])('%j', async (text, line) => {
    expect(await told(text)).toEqual([line])
  })

  it('all of them at once', async () => {
    expect(await told('grubb: {}\ngrub:\n  timeout: x\n  modules: [A]\nima: []\n')).toEqual([
      '1:1 "grubb" is no key here; did you mean grub?',
      '3:12 grub.timeout: must be a whole number',
      '4:13 grub.modules[0]: is no name of a grub module, such as tpm',
      '5:6 ima: must be a mapping (key: value)',
    ])
  })

  it('a key that is wrong, and the one that is missing for it', async () => {
    expect(await told('rootfs:\n  users: [a, { nam: a }]\n')).toEqual([
      '2:14 rootfs.users[1].name: is missing',
      '2:16 rootfs.users[1]: "nam" is no key here; did you mean name?',
    ])
  })

  it('a list whose items are wrong, each with its number', async () => {
    expect(await told('requires:\n  host:\n    - a b\n    -\n    - -x\n')).toHaveLength(3)
  })

  it('of very many unknown keys the first, and how many more there are', async () => {
    const lines = await told(Array.from({ length: 25 }, (_, index) => `key${index}: 1\n`).join(''))

    expect(lines).toHaveLength(21)
    expect(lines).toContain('1:1 has 5 more keys that are not known here')
  })

  it('with CR LF and a byte order mark at the place where an editor shows it', async () => {
    expect(await told('\uFEFFgrubb: {}\r\n')).toEqual(['1:1 "grubb" is no key here; did you mean grub?'])
    expect(await told('grub:\r\n  timeout: x\r\n')).toEqual(['2:12 grub.timeout: must be a whole number'])
  })

  it.each([
    ['UTF-16', Buffer.from('\uFEFFgrub: {}', 'utf16le'), '- is UTF-16; save it as UTF-8'],
    ['Latin-1', Buffer.from('description: gr\xfcn', 'latin1'), '- is not UTF-8: the byte 0xfc at offset 15'],
    ['with a NUL byte', Buffer.from('grub: {}\0'), '- is not text: a NUL byte at offset 8'],
    ['huge', Buffer.alloc(300_000, '# x\n'), '- is larger than 256 KiB'],
  ])('when it is %s', async (_, bytes, line) => {
    expect(await told(bytes)).toEqual([line])
  })
})
