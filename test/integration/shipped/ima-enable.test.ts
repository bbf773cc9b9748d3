import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { grubWishesText } from '../../../src/guest/grub-wishes.js'
import { imaWishesText } from '../../../src/guest/ima-wishes.js'
import { type PluginsReading, readPlugins } from '../../../src/plugins/read-plugins.js'
import { anImaGuest, type ImaGuest } from '../guest/ima-guest.js'

const ROOT = new URL('../../..', import.meta.url).pathname
const NAME = '98-ima-enable-simple'

describe('98-ima-enable-simple on the host', () => {
  it.each([
    [{}, 'log', 'default'],
    [{ IMA_APPRAISE: 'log' }, 'log', 'environment'],
    [{ IMA_APPRAISE: 'enforce' }, 'enforce', 'environment'],
  ] as const)('with %o asks for its arguments, its policy and its labels', async (environment, mode, from) => {
    const { wishes, problems, options } = await read98(environment)

    expect(problems).toEqual([])
    expect(options).toEqual([{ name: 'IMA_APPRAISE', plugins: [NAME], from, value: mode }])
    expect(wishes.grub?.add.map(({ word }) => word)).toEqual([`ima_appraise=${mode}`, 'ima_hash=sha256'])
    expect(wishes.ima).toMatchObject({ appraise: { mode }, hash: 'sha256', policy: { plugin: NAME } })
    expect(wishes.ima?.policy?.path).toMatch(/98-ima-enable-simple\/files\/etc\/ima\/ima-policy$/)
    expect(wishes.ima?.label.map(({ word }) => word)).toEqual(['/usr', '/etc', '/opt', '/var/lib/dpkg/info'])
  })

  it.each(['fix', 'off', 'enforce init=/bin/sh', '"; reboot; "'])('refuses IMA_APPRAISE=%s', async (mode) => {
    const { problems, wishes } = await read98({ IMA_APPRAISE: mode })

    expect(problems).toEqual([
      {
        code: 'PLUGIN_INVALID',
        where: 'IMA_APPRAISE',
        what: 'is not one of log, enforce (an option of 98-ima-enable-simple)',
      },
    ])
    expect(wishes.grub?.add.map(({ word }) => word)).toEqual(['ima_hash=sha256'])
  })

  it('D48: asks for no template of the log that a kernel of a distribution may lack', async () => {
    const { wishes } = await read98({})

    expect(JSON.stringify(wishes)).not.toContain('template')
    expect(await shippedPolicy()).not.toContain('template=')
  })

  it('D49: says what anchors the log, and where nothing does', async () => {
    expect((await read98({})).runNotes).toEqual([expect.stringContaining('in a TD without a TPM nothing anchors it')])
    expect(await readFile(join(ROOT, 'pre-stage', NAME, 'README.md'), 'utf8')).toContain('PCR 10')
  })

  it('D50: has no rule that appraises every file, only what root runs and the kernel takes in', async () => {
    const rules = (await shippedPolicy()).split('\n').filter((line) => line.startsWith('appraise'))

    expect(rules).toHaveLength(4)
    for (const rule of rules) expect(rule).toMatch(/^appraise func=(?:BPRM|MMAP|MODULE|FIRMWARE)_CHECK .*\bfowner=0$/)
  })

  it('D52: is not taken with a policy line that the kernel would refuse', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'cvm-98-'))
    try {
      execFileSync('cp', ['-a', join(ROOT, 'pre-stage', NAME), dir])
      const policy = `${NAME}/files/etc/ima/ima-policy`
      await writeFile(join(dir, policy), `${await shippedPolicy()}appraise func=BPRM_CHEK\n`)
      const { problems } = await readPlugins({ dirs: { preStage: dir }, skip: [], only: [], environment: {} })

      const lines = (await shippedPolicy()).split('\n').length
      expect(problems).toEqual([
        expect.objectContaining({ code: 'IMA_POLICY_INVALID', where: `${dir}/${policy}:${lines}` }),
      ])
    } finally {
      await rm(dir, { recursive: true })
    }
  })

  it('D55: labels directories of the disk only, and needs no boot in fix mode', async () => {
    const { wishes } = await read98({})

    expect(JSON.stringify(wishes)).not.toMatch(/"\/(?:dev|proc|sys|run)\b|fix/)
  })
})

describe('98-ima-enable-simple and the boot loader', () => {
  it('D44: brings its arguments into a guest without the one file of Ubuntu, and makes no such file', async () => {
    await using guest = await aGrubGuest('GRUB_CMDLINE_LINUX_DEFAULT="quiet console=ttyS0"\n')

    expect((await guest.run('grub-settings.sh', guest.root)).exitCode).toBe(0)

    expect(await readdir(guest.at('etc/default/grub.d'))).toEqual(['zz-cvm-image-rewriter-01.cfg'])
    expect(commandLine(guest)).toBe('ima_appraise=log ima_hash=sha256 quiet console=ttyS0')
  })

  it('D44: fails when they have not reached every kernel entry', async () => {
    await using guest = await aGrubGuest('')
    await guest.write('boot/grub/grub.cfg', '\tlinux /boot/vmlinuz-6.1 root=/dev/vda1 ro ima_appraise=log\n')

    const { exitCode, lines } = await guest.run('grub-check.sh', guest.root)

    expect({ exitCode, lines }).toEqual({
      exitCode: 1,
      lines: [`kernel entry "" lacks ima_hash=sha256, which ${NAME} asks for`],
    })
  })

  it('D45, D46: has them once, however often it is done and whoever has set them before', async () => {
    await using guest = await aGrubGuest(
      'GRUB_CMDLINE_LINUX="ima_template=ima-ng ima_appraise=fix"\nGRUB_CMDLINE_LINUX_DEFAULT="ima_hash=sha1 quiet"\n',
    )

    for (const _time of ['once', 'twice', 'thrice']) await guest.run('grub-settings.sh', guest.root)

    expect(commandLine(guest)).toBe('ima_template=ima-ng ima_appraise=log ima_hash=sha256 quiet')
  })

  it('D47: minds slashes, single quotes and lines that are commented out', async () => {
    await using guest = await aGrubGuest(
      `#GRUB_CMDLINE_LINUX_DEFAULT="commented"\nGRUB_CMDLINE_LINUX_DEFAULT='root=/dev/vda1 init=/a/b&c'\n`,
    )

    await guest.run('grub-settings.sh', guest.root)

    expect(commandLine(guest)).toBe('ima_appraise=log ima_hash=sha256 root=/dev/vda1 init=/a/b&c')
  })

  it('D54: leaves every console= of the person', async () => {
    await using guest = await aGrubGuest('GRUB_CMDLINE_LINUX="console=tty1 console=ttyS0,115200 console=hvc0"\n')

    await guest.run('grub-settings.sh', guest.root)

    expect(commandLine(guest)).toBe('console=tty1 console=ttyS0,115200 console=hvc0 ima_appraise=log ima_hash=sha256')
  })
})

describe('98-ima-enable-simple in the guest', () => {
  it('brings files of its own only to /etc/ima: no program of it stays', () => {
    const shipped = execFileSync('find', ['.', '-type', 'f'], { cwd: join(ROOT, 'pre-stage', NAME), encoding: 'utf8' })

    expect(shipped.trimEnd().split('\n').sort()).toEqual(['./README.md', './files/etc/ima/ima-policy', './plugin.yaml'])
  })

  it('D50, D51: finds under its own policy what root would run and nobody has labelled, and nothing else', async () => {
    await using guest = await anImaGuest()
    await guest.write('etc/ima/ima-policy', await shippedPolicy())
    await guest.write('var/lib/dpkg/info/x.postinst', '#!/bin/sh\n', 0o755)
    await guest.write('var/log/syslog', 'text\n')
    await guest.write('boot/efi/EFI/BOOT/BOOTX64.EFI', 'MZ', 0o755)
    await guest.write('root/script', '#!/bin/sh\n', 0o644)
    // Wherever the tests run: on the disk or on a tmpfs, which the policy leaves out.
    const magic = execFileSync('stat', ['-f', '-c', '%t', guest.root], { encoding: 'utf8' }).trim()
    const policy = (await shippedPolicy()).replace(new RegExp(`^dont_appraise fsmagic=0x${magic}$`, 'm'), '')
    await guest.write('etc/ima/ima-policy', policy)
    await guest.wish(...(await wishLines({})).filter((line) => !line.startsWith('label')))

    const { lines } = await guest.run('ima-label.sh', 'last-pass', guest.root)

    if (process.getuid?.() === 0) expect(lines.filter((line) => line.startsWith('/'))).toHaveLength(1)
    expect(lines.filter((line) => line.startsWith('/') && !line.startsWith('/var/lib/dpkg/info/x.postinst'))).toEqual(
      [],
    )
  })
})

async function read98(environment: Readonly<Record<string, string>>): Promise<PluginsReading> {
  const dirs = { preStage: join(ROOT, 'pre-stage') }
  return await readPlugins({ dirs, skip: [], only: [NAME], environment })
}

async function shippedPolicy(): Promise<string> {
  return await readFile(join(ROOT, 'pre-stage', NAME, 'files/etc/ima/ima-policy'), 'utf8')
}

async function wishLines(environment: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const { ima } = (await read98(environment)).wishes
  return ima === undefined ? [] : imaWishesText(ima).trimEnd().replaceAll('\t', ' ').split('\n')
}

/** A guest with what the plugin asks of grub, and with settings of the person. */
async function aGrubGuest(settings: string): Promise<ImaGuest> {
  const guest = await anImaGuest()
  const { grub } = (await read98({})).wishes
  await guest.write('var/lib/cvm-image-rewriter/grub-wishes', grub === undefined ? '' : grubWishesText(grub))
  await guest.write('etc/default/grub', settings)
  await guest.program('grub-mkconfig', '# default/grub.d')
  return guest
}

/** What grub-mkconfig makes of the settings: /etc/default/grub, then the drop-ins by name (util/grub-mkconfig.in, 10_linux.in). */
function commandLine(guest: ImaGuest): string {
  const script =
    '. "$1/etc/default/grub"; for f in "$1"/etc/default/grub.d/*.cfg; do . "$f"; done; echo "$GRUB_CMDLINE_LINUX $GRUB_CMDLINE_LINUX_DEFAULT"'
  return execFileSync('/bin/sh', ['-c', script, 'sh', guest.root], { encoding: 'utf8' }).trim()
}
