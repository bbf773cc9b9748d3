import { execFileSync } from 'node:child_process'
import { chown, link } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkImaPolicy } from '../../../src/plugins/ima-policy.js'
import { anImaGuest, type ImaGuest, labelsCanBeWritten, putLabel } from './ima-guest.js'

/** The start of an ELF file of the given e_type: 2 program, 3 program or library, 1 kernel module. */
const elf = (type: number) =>
  Buffer.concat([Buffer.from('\x7fELF', 'latin1'), Buffer.alloc(12), Buffer.from([type, 0])])
const DIGEST = `0404${'ab'.repeat(32)}`
const SIGNATURE = `0302${'ab'.repeat(20)}`

describe('ima-coverage.py', () => {
  it.each([
    ['appraise func=BPRM_CHECK', ['/bin/elf', '/bin/elf-pie', '/bin/script']],
    ['appraise func=CREDS_CHECK', ['/bin/elf', '/bin/elf-pie', '/bin/script']],
    ['appraise func=BPRM_CHECK mask=MAY_EXEC', ['/bin/elf', '/bin/elf-pie', '/bin/script']],
    ['appraise func=BPRM_CHECK mask=MAY_READ', []],
    ['appraise func=MMAP_CHECK mask=MAY_EXEC', ['/bin/elf', '/bin/elf-pie', '/lib/library.so']],
    ['appraise func=FILE_MMAP mask=^MAY_EXEC', ['/bin/elf', '/bin/elf-pie', '/lib/library.so']],
    ['appraise func=MODULE_CHECK', ['/lib/a.ko', '/lib/a.ko.xz']],
    ['appraise func=FIRMWARE_CHECK', ['/lib/firmware/blob', '/usr/lib/firmware/blob']],
    ['appraise func=KEXEC_KERNEL_CHECK', ['/boot/vmlinuz-6.1']],
    ['appraise func=KEXEC_INITRAMFS_CHECK', ['/boot/initrd.img-6.1']],
    ['appraise func=POLICY_CHECK', ['/etc/ima/ima-policy']],
    ['measure func=BPRM_CHECK', []],
    ['appraise func=SETXATTR_CHECK appraise_algos=sha256', []],
  ])('knows what triggers "%s"', async (rule, names) => {
    await using guest = await aGuestWithEverything()

    expect(await uncovered(guest, rule)).toEqual(names)
  })

  it.each(['appraise', 'appraise func=FILE_CHECK', 'appraise func=FILE_CHECK mask=MAY_READ', 'appraise fowner=0'])(
    'D50: counts every file for "%s"',
    async (rule) => {
      await using guest = await aGuestWithEverything()

      expect(await uncovered(guest, rule)).toEqual(EVERYTHING)
    },
  )

  it.each([
    ['dont_appraise func=BPRM_CHECK', []],
    ['dont_appraise', []],
    ['dont_appraise func=MMAP_CHECK', ['/bin/elf', '/bin/elf-pie', '/bin/script']],
    ['dont_appraise fowner=0', []],
    ['dont_appraise fowner>0', ['/bin/elf', '/bin/elf-pie', '/bin/script']],
    // Who starts it is not known: it may be somebody else.
    ['dont_appraise uid=0', ['/bin/elf', '/bin/elf-pie', '/bin/script']],
    ['dont_appraise subj_type=init_t', ['/bin/elf', '/bin/elf-pie', '/bin/script']],
    ['dont_measure', ['/bin/elf', '/bin/elf-pie', '/bin/script']],
  ])('lets "%s" decide when it comes first, and surely matches', async (first, names) => {
    await using guest = await aGuestWithEverything()

    expect(await uncovered(guest, `# a comment\n${first}\n\tappraise func=BPRM_CHECK\n`)).toEqual(names)
    expect(await uncovered(guest, `appraise func=BPRM_CHECK\n${first}\n`)).toEqual([
      '/bin/elf',
      '/bin/elf-pie',
      '/bin/script',
    ])
  })

  it.each(['uid=1000', 'euid>5', 'gid=5', 'subj_user=x', 'obj_type=etc_t'])(
    'takes a rule with %s for one that may match',
    async (condition) => {
      await using guest = await aGuestWithEverything()

      expect(await uncovered(guest, `appraise func=MODULE_CHECK ${condition}`)).toEqual(['/lib/a.ko', '/lib/a.ko.xz'])
    },
  )

  it.skipIf(process.getuid?.() !== 0)('D50: goes by the owner and group of a file (chown takes root)', async () => {
    await using guest = await anImaGuest()
    for (const [name, uid, gid] of [
      ['a-root', 0, 0],
      ['b-five', 5, 7],
      ['c-nine', 9, 7],
    ] as const) {
      await guest.write(`srv/${name}`, elf(2), 0o755)
      await chown(guest.at(`srv/${name}`), uid, gid)
    }
    const by = async (condition: string) => (await uncovered(guest, `appraise func=BPRM_CHECK ${condition}`)).join(' ')

    expect(await by('fowner=0')).toBe('/srv/a-root')
    expect(await by('fowner=5')).toBe('/srv/b-five')
    expect(await by('fowner>0')).toBe('/srv/b-five /srv/c-nine')
    expect(await by('fowner<9 fgroup=7')).toBe('/srv/b-five')
    expect(await by('fgroup<7')).toBe('/srv/a-root')
  })

  it('goes by the file system of a file', async () => {
    await using guest = await aGuestWithEverything()
    const said = (format: string) => execFileSync('stat', ['-f', '-c', format, guest.root], { encoding: 'utf8' }).trim()
    const kind = execFileSync('findmnt', ['-n', '-o', 'FSTYPE', '-T', guest.root], { encoding: 'utf8' }).trim()
    const modules = ['/lib/a.ko', '/lib/a.ko.xz']
    const by = (condition: string) => uncovered(guest, `appraise func=MODULE_CHECK ${condition}`)

    expect(await by(`fsmagic=0x${said('%t')}`)).toEqual(modules)
    expect(await by('fsmagic=0x1')).toEqual([])
    expect(await by(`fsname=${kind}`)).toEqual(modules)
    expect(await by('fsname=nonesuch')).toEqual([])
    expect(await by('fs_subtype=nonesuch')).toEqual([])
  })

  it('does not look into what the run itself leaves until its end', async () => {
    await using guest = await anImaGuest()
    await guest.write('var/lib/cvm-image-rewriter/tool', elf(2), 0o755)
    await guest.write('var/lib/other', elf(2), 0o755)

    expect(await uncovered(guest, 'appraise func=BPRM_CHECK')).toEqual(['/var/lib/other'])
  })

  it('counts a file once, whatever names it has, and shows odd ones in one line', async () => {
    await using guest = await anImaGuest()
    await guest.write('srv/b\nb', elf(2), 0o755)
    await link(guest.at('srv/b\nb'), guest.at('srv/c'))

    const { lines } = await look(guest, 'log', 'appraise func=BPRM_CHECK')

    expect(lines).toHaveLength(4)
    expect(lines[2]).toMatch(/^\/srv\/(?:b\\nb|c): no label/)
  })

  it.each([
    ['names', '', 1000],
    ['bytes, when names are long', 'x'.repeat(200), 196],
  ])('lists a thousand files, or as many as the report takes: %s', async (_, prefix, most) => {
    await using guest = await anImaGuest()
    await Promise.all(Array.from({ length: 1005 }, (_each, index) => guest.write(`s/${prefix}${index}`, '')))

    const { lines } = await look(guest, 'log', 'appraise func=FILE_CHECK')

    const listed = lines.filter((line) => line.endsWith(': no label (line 1)'))
    expect(listed.length).toBeGreaterThan(most - 10)
    expect(listed.length).toBeLessThanOrEqual(most)
    // The policy itself is one of them.
    expect(lines.at(-2)).toBe(`and ${1006 - listed.length} more`)
    expect(lines.at(-1)).toMatch(/^1006 files that the policy appraises/)
    expect(lines.join('\n').length).toBeLessThan(48 << 10)
  })

  it('exits with 1 only for enforce, and only when there is one', async () => {
    await using guest = await aGuestWithEverything()
    const some = 'appraise func=BPRM_CHECK'
    expect((await look(guest, 'enforce', some)).code).toBe(1)
    expect((await look(guest, 'log', some)).code).toBe(0)
    const none = await look(guest, 'enforce', 'appraise func=BPRM_CHECK fowner=12345')
    expect(none.code).toBe(0)
    expect(none.lines.at(-1)).toMatch(/^every file that the policy appraises has a label \(\d+ files looked at\)$/)
  })

  it('reads whatever policy the kernel takes', async () => {
    await using guest = await aGuestWithEverything()
    const condition = fc.constantFrom(
      ...['func=BPRM_CHECK', 'func=FILE_CHECK', 'mask=^MAY_WRITE', 'fowner>+5', 'fgroup=0', 'uid<7', 'obj_user=u'],
      ...[
        'fsmagic=EF53',
        'fsmagic=0X1',
        'fsname=ext4',
        'fsuuid=8BCBE394-4f13-4144-be8e-5aa9ea2ce2f6',
        'appraise_type=imasig',
      ],
      ...['permit_directio', 'appraise_flag=check_blacklist', 'appraise_algos=sha256,sha512', 'digest_type=verity'],
    )
    const action = fc.constantFrom('appraise', 'dont_appraise', 'measure')
    const rule = fc
      .tuple(action, fc.uniqueArray(condition, { maxLength: 4 }))
      .map(([first, words]) => [first, ...words].join(' '))
      .filter((line) => checkImaPolicy(line).length === 0)
    await fc.assert(
      fc.asyncProperty(fc.array(rule, { minLength: 1, maxLength: 6 }), async (rules) => {
        const { code, lines } = await look(guest, 'log', rules.join('\n'))
        expect({ code, last: lines.at(-1) }).toEqual({
          code: 0,
          last: expect.stringMatching(/^(?:every file|\d+ files?) that the policy appraises/),
        })
      }),
      { numRuns: 15 },
    )
  })
})

describe.skipIf(!labelsCanBeWritten())('ima-coverage.py and labels (security.* attributes take root)', () => {
  it('is content with a label of either kind where the rule asks for none in particular', async () => {
    await using guest = await aGuestWithEverything()
    putLabel(guest.at('bin/elf'), DIGEST)
    putLabel(guest.at('bin/script'), SIGNATURE)

    expect(await uncovered(guest, 'appraise func=BPRM_CHECK')).toEqual(['/bin/elf-pie'])
  })

  it('takes no digest where the rule asks for a signature, and says so', async () => {
    await using guest = await aGuestWithEverything()
    putLabel(guest.at('bin/elf'), DIGEST)
    putLabel(guest.at('bin/elf-pie'), DIGEST)
    putLabel(guest.at('bin/script'), SIGNATURE)

    const { lines } = await look(guest, 'log', 'appraise func=BPRM_CHECK appraise_type=imasig')

    expect(lines[1]).toBe('line 1 of the policy: appraise func=BPRM_CHECK appraise_type=imasig')
    expect(lines[2]).toBe('/bin/elf: its label is a digest, and the rule asks for a signature (line 1)')
    expect(lines.slice(2, -1).map((line) => line.split(':')[0])).toEqual(['/bin/elf', '/bin/elf-pie'])
    expect(lines.at(-1)).toContain('; where the policy asks for signatures, no digest will do')
  })

  it('takes a signature at the end of a module where the rule does', async () => {
    await using guest = await anImaGuest()
    await guest.write('lib/signed.ko', Buffer.concat([elf(1), Buffer.from('~Module signature appended~\n')]))
    await guest.write('lib/unsigned.ko', elf(1))
    for (const name of ['signed', 'unsigned']) putLabel(guest.at(`lib/${name}.ko`), DIGEST)

    expect(await uncovered(guest, 'appraise func=MODULE_CHECK appraise_type=imasig|modsig')).toEqual([
      '/lib/unsigned.ko',
    ])
    expect(await uncovered(guest, 'appraise func=MODULE_CHECK appraise_type=imasig')).toEqual([
      '/lib/signed.ko',
      '/lib/unsigned.ko',
    ])
  })

  it('takes only digests of the hashes that the rule names', async () => {
    await using guest = await anImaGuest()
    await guest.write('lib/a.ko', '')
    putLabel(guest.at('lib/a.ko'), DIGEST)

    expect(await uncovered(guest, 'appraise func=MODULE_CHECK appraise_algos=sha512,sha256')).toEqual([])
    expect(await uncovered(guest, 'appraise func=MODULE_CHECK appraise_algos=sha384')).toEqual(['/lib/a.ko'])
  })
})

const EVERYTHING = [
  ...['/bin/elf', '/bin/elf-pie', '/bin/not-executable', '/bin/script', '/bin/text'],
  ...['/boot/initrd.img-6.1', '/boot/normal.mod', '/boot/vmlinuz-6.1', '/etc/ima/ima-policy', '/lib/a.ko'],
  ...['/lib/a.ko.xz', '/lib/firmware/blob', '/lib/library.so', '/usr/lib/firmware/blob'],
]

async function aGuestWithEverything(): Promise<ImaGuest> {
  const guest = await anImaGuest()
  await guest.write('bin/elf', elf(2), 0o755)
  await guest.write('bin/elf-pie', elf(3), 0o700)
  await guest.write('bin/script', '#!/bin/sh\n', 0o711)
  await guest.write('bin/text', 'no program', 0o755)
  await guest.write('bin/not-executable', '#!/bin/sh\n')
  await guest.write('lib/library.so', elf(3))
  await guest.write('lib/a.ko', elf(1))
  await guest.write('lib/a.ko.xz', '')
  await guest.write('lib/firmware/blob', '')
  await guest.write('usr/lib/firmware/blob', '')
  await guest.write('boot/vmlinuz-6.1', 'MZ', 0o755)
  await guest.write('boot/initrd.img-6.1', '')
  await guest.write('boot/normal.mod', elf(1))
  return guest
}

/** Names of the files that the policy appraises without a label that it takes. */
async function uncovered(guest: ImaGuest, rules: string): Promise<readonly string[]> {
  const { lines } = await look(guest, 'log', rules)
  return lines.filter((line) => line.startsWith('/')).map((line) => line.split(': ')[0] ?? '')
}

async function look(guest: ImaGuest, mode: 'log' | 'enforce', rules: string) {
  await guest.write('etc/ima/ima-policy', `${rules}\n`)
  const program = guest.at('var/lib/cvm-image-rewriter/ima-coverage.py')
  const args = ['-I', '-S', '-B', program, '--root', guest.root, mode]
  try {
    return { code: 0, lines: execFileSync('python3', args, { encoding: 'utf8', stdio: 'pipe' }).trimEnd().split('\n') }
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string }
    if (stderr !== '') throw new Error(stderr)
    return { code: status, lines: stdout.trimEnd().split('\n') }
  }
}
