import { execFileSync } from 'node:child_process'
import { readFile, rm, stat } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { anImaGuest, type ImaGuest } from './ima-guest.js'

const ABLE = 'CONFIG_IMA=y\nCONFIG_IMA_APPRAISE=y\nCONFIG_CRYPTO_SHA256=y\nCONFIG_CRYPTO_SHA512=m\n'
const DIR = 'var/lib/cvm-image-rewriter'
const ALL = ['policy ima-policy 98-a', 'appraise log 98-a', 'hash sha256 98-a', 'label /usr 98-a'] as const

describe('ima-settings.sh', () => {
  it('puts the policy where systemd loads it, readable, over what was there', async () => {
    await using guest = await anAbleGuest()
    await guest.write('etc/ima/ima-policy', 'measure func=OLD\n', 0o600)
    await guest.write(`${DIR}/ima-policy`, 'measure func=BPRM_CHECK\n', 0o600)

    expect(await guest.run('ima-settings.sh', guest.root)).toEqual({
      exitCode: 0,
      lines: [`beside: ${guest.at(`${DIR}/ima-first-pass`)}`],
    })
    expect(await readFile(guest.at('etc/ima/ima-policy'), 'utf8')).toBe('measure func=BPRM_CHECK\n')
    expect((await stat(guest.at('etc/ima/ima-policy'))).mode & 0o777).toBe(0o644)
  })

  it('gives cvm-beside a program that starts the first pass of this guest', async () => {
    await using guest = await anAbleGuest()
    await guest.run('ima-settings.sh', guest.root)
    await guest.write(`${DIR}/ima-label.sh`, '#!/bin/sh\necho "label: $*"\n', 0o755)

    expect(execFileSync(guest.at(`${DIR}/ima-first-pass`), { encoding: 'utf8' })).toBe('label: first-pass\n')
  })

  it('D53: changes nothing but the policy, /etc/fstab for one thing', async () => {
    await using guest = await anAbleGuest()
    const fstab = '# ext4 root, \tas ext4 is\nUUID=1\t/\text4\trw,discard  0 1\n'
    await guest.write('etc/fstab', fstab)
    const before = listing(guest)

    await guest.run('ima-settings.sh', guest.root)

    expect(await readFile(guest.at('etc/fstab'), 'utf8')).toBe(fstab)
    expect(listing(guest).filter((line) => !before.includes(line))).toEqual([
      './etc/ima',
      './etc/ima/ima-policy',
      `./${DIR}/ima-first-pass`,
    ])
  })

  it.each([
    ['CONFIG_IMA=y\nCONFIG_CRYPTO_SHA256=y\n', 'the kernel 6.2 has no CONFIG_IMA_APPRAISE: it cannot appraise files'],
    ['# CONFIG_IMA is not set\n', 'the kernel 6.2 has no CONFIG_IMA: it measures and appraises nothing'],
    [
      'CONFIG_IMA=y\nCONFIG_IMA_APPRAISE=y\nCONFIG_CRYPTO_SHA512=y\n',
      'the kernel 6.2 has no CONFIG_CRYPTO_SHA256: it cannot make sha256 digests',
    ],
  ])('looks at every kernel, not only at the first: %j', async (config, words) => {
    await using guest = await anAbleGuest()
    await guest.write('boot/vmlinuz-6.2', '')
    await guest.write('boot/config-6.2', config)

    expect(await guest.run('ima-settings.sh', guest.root)).toEqual({ exitCode: 1, lines: [words] })
  })

  it('asks for no appraising where neither a plugin nor the policy wants it', async () => {
    await using guest = await anAbleGuest()
    await guest.write('boot/config-6.1', 'CONFIG_IMA=y\nCONFIG_CRYPTO_SHA256=y\n')
    await guest.wish('policy ima-policy 98-a', 'hash sha256 98-a')

    expect((await guest.run('ima-settings.sh', guest.root)).exitCode).toBe(0)
    await guest.write(`${DIR}/ima-policy`, '\t appraise func=MODULE_CHECK\n')
    expect((await guest.run('ima-settings.sh', guest.root)).lines).toEqual([
      'the kernel 6.1 has no CONFIG_IMA_APPRAISE: it cannot appraise files',
    ])
  })

  it('finds the configuration beside the modules, and passes over a rescue kernel', async () => {
    await using guest = await anAbleGuest()
    await rm(guest.at('boot/config-6.1'))
    await guest.write('usr/lib/modules/6.1/config', ABLE)
    await guest.write('boot/vmlinuz-0-rescue-0123', '')

    expect((await guest.run('ima-settings.sh', guest.root)).exitCode).toBe(0)
  })

  it('does not take on trust a kernel without a configuration, or no kernel at all', async () => {
    await using guest = await anAbleGuest()
    await rm(guest.at('boot/config-6.1'))
    expect(await guest.run('ima-settings.sh', guest.root)).toEqual({
      exitCode: 1,
      lines: ['the kernel 6.1 has no configuration in /boot or beside its modules: nobody can tell whether it has IMA'],
    })
    await rm(guest.at('boot/vmlinuz-6.1'))
    expect(await guest.run('ima-settings.sh', guest.root)).toEqual({
      exitCode: 1,
      lines: ['there is no kernel in /boot: nobody can tell whether this guest has IMA'],
    })
  })

  it('D52: refuses a systemd that would not load the policy, and does not ask without one', async () => {
    await using guest = await anAbleGuest()
    await guest.program('systemctl', 'echo "systemd 257"; echo "+PAM -IMA +SMACK"')

    expect(await guest.run('ima-settings.sh', guest.root)).toEqual({
      exitCode: 1,
      lines: ['the systemd of this guest is built without IMA: it would not load the policy'],
    })
    await rm(guest.at('etc/ima/ima-policy'))
    await guest.wish('appraise log 98-a', 'hash sha256 98-a')
    expect((await guest.run('ima-settings.sh', guest.root)).exitCode).toBe(0)
  })

  it('needs python3 only for labels', async () => {
    await using guest = await anAbleGuest()
    await guest.onlyPrograms('awk', 'grep', 'install', 'mkdir', 'chmod')

    expect(await guest.run('ima-settings.sh', guest.root)).toEqual({
      exitCode: 1,
      lines: ['this guest has no python3, which writes the labels'],
    })
    await guest.wish('policy ima-policy 98-a', 'appraise log 98-a', 'hash sha256 98-a')
    expect((await guest.run('ima-settings.sh', guest.root)).exitCode).toBe(0)
  })
})

async function anAbleGuest(): Promise<ImaGuest> {
  const guest = await anImaGuest()
  await guest.write('boot/vmlinuz-6.1', '')
  await guest.write('boot/config-6.1', ABLE)
  await guest.write(`${DIR}/ima-policy`, 'measure func=BPRM_CHECK\n')
  await guest.wish(...ALL)
  return guest
}

function listing(guest: ImaGuest): readonly string[] {
  return execFileSync('find', ['.'], { cwd: guest.root, encoding: 'utf8' }).trimEnd().split('\n').sort()
}
