import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { link, mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { anImaGuest, labelOf, labelsCanBeWritten, putLabel } from './ima-guest.js'

const LABELLER = new URL('../../../cloud-init/guest/ima-label.py', import.meta.url).pathname

describe.skipIf(!labelsCanBeWritten())('ima-label.py (security.* attributes take root)', () => {
  let dir: string
  let top: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'cvm-ima-label-'))
    top = join(dir, 'top')
    await mkdir(top)
  })
  afterEach(async () => await rm(dir, { recursive: true }))

  it('labels each regular file once with its digest, and leaves a right label alone', async () => {
    await mkdir(join(top, 'below it'))
    // The lengths are those where reading in pieces of 1 MiB could go wrong.
    const contents = [Buffer.alloc(0), Buffer.from('x'), ...[-1, 0, 1].map((more) => Buffer.alloc((1 << 20) + more, 7))]
    for (const [index, content] of contents.entries()) await writeFile(join(top, 'below it', `${index}`), content)
    await link(join(top, 'below it/1'), join(top, 'again'))
    const outside = join(dir, 'outside')
    await writeFile(outside, 'not below')
    await symlink(outside, join(top, 'link'))

    const said = label(top, '/no/such/directory')

    expect(said).toMatch(/^5 files labelled; this took \d+ s\n$/)
    for (const [index, content] of contents.entries())
      expect(labelOf(join(top, 'below it', `${index}`))).toBe(`0404${digest('sha256', content)}`)
    expect(labelOf(outside)).toBe('')
  })

  it.each([
    ['sha256', '0404'],
    ['sha384', '0405'],
    ['sha512', '0406'],
  ])('writes %s digests as the kernel reads them', async (hash, prefix) => {
    await writeFile(join(top, 'file'), 'content')

    label('--hash', hash, top)

    expect(labelOf(join(top, 'file'))).toBe(`${prefix}${digest(hash, 'content')}`)
  })

  it('takes no other hash, and no other option', () => {
    for (const args of [['--hash', 'md5', top], ['--hash'], ['--quick', top]]) {
      const { status, stderr } = spawnSync('python3', ['-I', '-S', '-B', LABELLER, ...args], { encoding: 'utf8' })
      expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('no such option') })
    }
  })

  it('writes a wrong label anew, one of another hash too', async () => {
    await writeFile(join(top, 'file'), 'first')
    label('--hash', 'sha512', top)
    await writeFile(join(top, 'file'), 'second')

    label(top)

    expect(labelOf(join(top, 'file'))).toBe(`0404${digest('sha256', 'second')}`)
  })

  it('writes over a signature, and leaves it where that is asked', async () => {
    for (const name of ['portable', 'verity']) await writeFile(join(top, name), '')
    const put = () => {
      putLabel(join(top, 'portable'), `0302${'ab'.repeat(20)}`)
      putLabel(join(top, 'verity'), `0603${'cd'.repeat(20)}`)
    }
    put()
    label('--keep-signatures', top)
    expect(labelOf(join(top, 'portable'))).toBe(`0302${'ab'.repeat(20)}`)
    expect(labelOf(join(top, 'verity'))).toBe(`0603${'cd'.repeat(20)}`)

    label(top)

    for (const name of ['portable', 'verity']) expect(labelOf(join(top, name))).toBe(`0404${digest('sha256', '')}`)
  })

  it('takes up what changed or came since an earlier pass, and opens nothing else', async () => {
    const memory = ['--remember', join(dir, 'memory')]
    for (const name of ['same', 'changed', 'back-dated']) await writeFile(join(top, name), 'first')
    const long = new Date(Date.now() - 3_600_000)
    for (const name of ['same', 'changed', 'back-dated']) await utimes(join(top, name), long, long)
    label(...memory, top)
    await writeFile(join(top, 'changed'), 'second')
    await writeFile(join(top, 'back-dated'), 'other')
    await utimes(join(top, 'back-dated'), long, long)
    await writeFile(join(top, 'new'), 'third')

    const said = label(...memory, top)

    expect(said).toContain("4 files labelled, 1 of them beside the initrd's rebuild")
    for (const [name, content] of [
      ['same', 'first'],
      ['changed', 'second'],
      ['back-dated', 'other'],
      ['new', 'third'],
    ] as const)
      expect(labelOf(join(top, name))).toBe(`0404${digest('sha256', content)}`)
  })

  it('does not take a file for known that was written moments before its label', async () => {
    await writeFile(join(top, 'young'), 'first')

    label('--remember', join(dir, 'memory'), top)

    expect(await readFile(join(dir, 'memory'), 'utf8')).toBe('')
  })

  it('D55: labels a thousand files in one process, within seconds', async () => {
    await Promise.all(Array.from({ length: 1000 }, (_, index) => writeFile(join(top, `${index}`), `${index}`)))
    const before = performance.now()

    expect(label(top)).toMatch(/^1000 files labelled/)

    expect(performance.now() - before).toBeLessThan(10_000)
  })
})

describe.skipIf(!labelsCanBeWritten())('ima-label.sh (security.* attributes take root)', () => {
  it('labels what plugins ask for, directories with odd names too, and leaves nothing of itself', async () => {
    await using guest = await anImaGuest()
    await guest.write('usr/bin/tool', 'tool')
    await guest.write('srv/a b/data', 'data')
    await guest.write('var/data', 'not asked for')
    await guest.wish('hash sha384 98-a', 'label /usr 98-a', 'label /srv/a b 98-a', 'label /opt 98-a')

    const { exitCode, lines } = await guest.run('ima-label.sh', 'last-pass', guest.root)

    expect({ exitCode, lines }).toEqual({
      exitCode: 0,
      lines: [expect.stringMatching(/^note: 2 files labelled; this took \d+ s; no \/opt here$/)],
    })
    expect(labelOf(guest.at('usr/bin/tool'))).toBe(`0405${digest('sha384', 'tool')}`)
    expect(labelOf(guest.at('srv/a b/data'))).toBe(`0405${digest('sha384', 'data')}`)
    expect(labelOf(guest.at('var/data'))).toBe('')
    expect(existsSync(guest.at('run/cvm-ima'))).toBe(false)
  })

  it('labels /bin, /sbin and /lib with /usr where they are directories, and passes over what lies in another', async () => {
    await using guest = await anImaGuest()
    await guest.write('bin/sh', 'sh')
    await guest.write('usr/lib/lib.so', 'lib')
    await symlink('usr/lib', guest.at('lib'))
    await guest.write('usr-local/x', 'beside')
    await guest.write('srv/y', 'behind a link')
    await symlink('srv', guest.at('data'))
    await guest.wish(
      'hash sha256 98-a',
      'label /usr-local 98-a',
      'label /data 98-a',
      'label /usr/lib 98-a',
      'label /usr 98-a',
    )

    const { lines } = await guest.run('ima-label.sh', 'last-pass', guest.root)

    expect(lines).toEqual([expect.stringMatching(/^note: 4 files labelled; this took \d+ s$/)])
    for (const path of ['bin/sh', 'usr/lib/lib.so', 'usr-local/x', 'srv/y'])
      expect(labelOf(guest.at(path))).not.toBe('')
  })

  it('takes up what the first pass has done', async () => {
    await using guest = await anImaGuest()
    await guest.write('usr/a', 'a')
    await utimes(guest.at('usr/a'), 0, 0)
    await guest.wish('hash sha256 98-a', 'label /usr 98-a')

    const first = await guest.run('ima-label.sh', 'first-pass', guest.root)
    const last = await guest.run('ima-label.sh', 'last-pass', guest.root)

    expect(first.lines).toEqual([expect.stringMatching(/^1 files labelled; this took/)])
    expect(last.lines).toEqual([
      expect.stringMatching(/^note: 1 files labelled, 1 of them beside the initrd's rebuild; this took/),
    ])
  })

  it('refuses to label a file as a directory, and says which', async () => {
    await using guest = await anImaGuest()
    await guest.write('etc/passwd', '')
    await guest.wish('hash sha256 98-a', 'label /etc/passwd 98-a')

    expect(await guest.run('ima-label.sh', 'last-pass', guest.root)).toEqual({
      exitCode: 1,
      lines: ['/etc/passwd is no directory, and is to be labelled as one'],
    })
  })

  it('keeps signatures when the policy asks for some', async () => {
    await using guest = await anImaGuest()
    await guest.write('usr/signed', 'x')
    putLabel(guest.at('usr/signed'), `0302${'ab'.repeat(20)}`)
    await guest.write('etc/ima/ima-policy', 'appraise func=MODULE_CHECK appraise_type=imasig\n')
    await guest.wish('appraise log 98-a', 'hash sha256 98-a', 'label /usr 98-a')

    await guest.run('ima-label.sh', 'last-pass', guest.root)

    expect(labelOf(guest.at('usr/signed'))).toBe(`0302${'ab'.repeat(20)}`)
  })

  const ELF = Buffer.concat([Buffer.from('\x7fELF', 'latin1'), Buffer.alloc(12), Buffer.from([3, 0])])
  const POLICY = 'appraise func=BPRM_CHECK fowner=0\n'

  it('D51: fails an image that enforces, at the program that has no label, and says what to do', async () => {
    await using guest = await anImaGuest()
    await guest.write('etc/ima/ima-policy', POLICY)
    await guest.write('usr/bin/tool', ELF, 0o755)
    await guest.write('srv/tool', ELF, 0o755)
    await guest.wish('appraise enforce 98-a', 'hash sha256 98-a', 'label /usr 98-a')

    const { exitCode, lines } = await guest.run('ima-label.sh', 'last-pass', guest.root)

    expect(exitCode).toBe(1)
    expect(lines.slice(1)).toEqual([
      expect.stringMatching(/files of .*root looked at in \S+ s$/),
      `line 1 of the policy: ${POLICY.trimEnd()}`,
      '/srv/tool: no label (line 1)',
      '1 file that the policy appraises without a label that it takes: /srv/tool. The kernel would refuse them: label their directories, narrow the policy, or use appraise: log',
    ])
  })

  it('says the same without failing when it is only logged, and whom Secure Boot makes enforce', async () => {
    await using guest = await anImaGuest()
    await guest.write('etc/ima/ima-policy', POLICY)
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) await guest.write(`srv/${name}`, ELF, 0o755)
    await guest.wish('appraise log 98-a', 'hash sha256 98-a')

    const { exitCode, lines } = await guest.run('ima-label.sh', 'last-pass', guest.root)

    expect(exitCode).toBe(0)
    expect(lines).toHaveLength(10)
    expect(lines.at(-1)).toBe(
      'note: 7 files that the policy appraises without a label that it takes: /srv/a, /srv/b, /srv/c, /srv/d, /srv/e and 2 more. They can be used (log), unless Secure Boot is on: then the kernel enforces',
    )
  })

  it.each([
    ['no argument at all, which the kernel takes for enforce', 'linux /vmlinuz quiet', 1],
    ['ima_appraise=log from elsewhere', 'linux /vmlinuz ima_appraise=log quiet', 0],
  ])('without a mode of a plugin goes by the boot loader: %s', async (_, entry, exitCode) => {
    await using guest = await anImaGuest()
    await guest.write('etc/ima/ima-policy', POLICY)
    await guest.write('boot/grub/grub.cfg', `\t${entry}\n`)
    await guest.write('srv/tool', ELF, 0o755)
    await guest.wish('policy ima-policy 98-a', 'hash sha256 98-a')

    expect((await guest.run('ima-label.sh', 'last-pass', guest.root)).exitCode).toBe(exitCode)
  })

  it('says what it could not look at', async () => {
    await using guest = await anImaGuest()
    await guest.wish('appraise enforce 98-a', 'hash sha256 98-a')

    expect(await guest.run('ima-label.sh', 'last-pass', guest.root)).toEqual({
      exitCode: 0,
      lines: [
        "note: no policy in /etc/ima/ima-policy appraises a file; what the kernel's own policy appraises was not looked at",
      ],
    })
  })
})

function label(...args: readonly string[]): string {
  return execFileSync('python3', ['-I', '-S', '-B', LABELLER, ...args], { encoding: 'utf8' })
}

function digest(hash: string, content: string | Uint8Array): string {
  return createHash(hash).update(content).digest('hex')
}
