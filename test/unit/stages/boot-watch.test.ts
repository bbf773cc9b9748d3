import { describe, expect, it } from 'vitest'
import { type ConsoleSign, signOf } from '../../../src/guest/console-signs.js'
import { CvmError } from '../../../src/model/errors.js'
import { BootWatch } from '../../../src/stages/boot-watch.js'

function sign(line: string): ConsoleSign {
  const found = signOf(line, true)
  if (found === undefined) throw new Error(`no sign: ${line}`)
  return found
}

/** A watch that has seen these lines, one a second from second 1 on. */
function watched(...lines: readonly string[]): BootWatch {
  const watch = new BootWatch({ afterLoginMs: 3_000, afterTargetMs: 10_000 })
  lines.forEach((line, index) => {
    watch.sign(sign(line), (index + 1) * 1000)
  })
  return watch
}

const KERNEL = '[    0.000000] Linux version 6.12.1 (x@y)'
const TARGET = '[  OK  ] Reached target multi-user.target - Multi-User System.'
const LOGIN = 'debian login: '

describe('BootWatch', () => {
  it('passes a moment after the login prompt, not before', () => {
    const watch = watched(KERNEL, LOGIN)

    watch.tick(4_999)
    expect(watch.verdict).toBeUndefined()
    watch.tick(5_000)
    expect(watch.verdict).toEqual({ ok: true, reached: 'login' })
  })

  it('passes at the default target when no prompt follows', () => {
    const watch = watched(KERNEL, TARGET)

    watch.tick(11_999)
    expect(watch.verdict).toBeUndefined()
    watch.tick(12_000)
    expect(watch.verdict).toEqual({ ok: true, reached: 'default target' })
  })

  it('does not take any other target for the default one', () => {
    const watch = watched('[  OK  ] Reached target network.target - Network.')

    expect(watch.settledAtMs).toBeUndefined()
    expect(watch.milestones).toEqual([])
  })

  it('notes each milestone once, with its time', () => {
    expect(watched(KERNEL, KERNEL, TARGET, LOGIN).milestones).toEqual([
      { name: 'kernel', seconds: 1, detail: '6.12.1' },
      { name: 'default target', seconds: 3, detail: 'multi-user.target' },
      { name: 'login', seconds: 4, detail: 'debian' },
    ])
  })

  it('shows where cloud-init took its data from', () => {
    const line =
      'Cloud-init v. 25.1.4 finished at Tue, 12 Aug 2025 10:00:20 +0000. Datasource DataSourceNoCloud [seed=/dev/vdb].  Up 38.1 seconds'

    expect(watched(line).milestones).toEqual([
      { name: 'cloud-init finished', seconds: 1, detail: 'DataSourceNoCloud [seed=/dev/vdb]' },
    ])
  })

  it.each([
    ['[    1.0] Kernel panic - not syncing: x', 'GUEST_PANICKED'],
    ['You are in emergency mode. After logging in', 'GUEST_EMERGENCY_SHELL'],
    ['(initramfs) ', 'GUEST_EMERGENCY_SHELL'],
    ['grub rescue> ', 'GUEST_BOOT_LOADER_PROMPT'],
    ['Shell> ', 'GUEST_NOT_BOOTABLE'],
    ['BdsDxe: No bootable option or device was found.', 'GUEST_NOT_BOOTABLE'],
    ['>>Start PXE over IPv4.', 'GUEST_NOT_BOOTABLE'],
    ['[   9.0] reboot: System halted', 'GUEST_STOPPED_EARLY'],
  ])('fails at once at %j', (line, code) => {
    expect(watched(line).verdict).toMatchObject({ ok: false, error: { code } })
  })

  it('does not mind a network boot line of the guest itself', () => {
    expect(watched(KERNEL, '>>Start PXE over IPv4.').verdict).toBeUndefined()
  })

  it('fails for a panic right after the login prompt', () => {
    const watch = watched(KERNEL, LOGIN, '[    9.0] Kernel panic - not syncing: x')
    watch.tick(60_000)

    expect(watch.verdict).toMatchObject({ ok: false, error: { code: 'GUEST_PANICKED' } })
  })

  it('collects failed units once each and passes nevertheless', () => {
    const failed = '[FAILED] Failed to start x.service - X.'
    const watch = watched(failed, failed, LOGIN)
    watch.tick(60_000)

    expect(watch.failedUnits).toEqual(['x.service'])
    expect(watch.verdict?.ok).toBe(true)
  })

  it('allows three restarts and calls the fourth a loop', () => {
    const watch = watched(KERNEL)
    for (let n = 0; n < 3; n += 1) watch.reset()
    expect(watch.verdict).toBeUndefined()

    watch.reset()
    expect(watch.verdict).toMatchObject({ ok: false, error: { code: 'GUEST_REBOOT_LOOP' } })
  })

  it('starts anew after a restart: the login prompt before it does not count', () => {
    const watch = watched(LOGIN)
    watch.reset()
    watch.tick(60_000)

    expect(watch.verdict).toBeUndefined()
  })

  it('fails when the guest powers off, and keeps the first verdict', () => {
    const watch = watched(KERNEL)
    watch.poweredOff(2_000)
    watch.fail(new CvmError('GUEST_CRASHED', 'later'))

    expect(watch.verdict).toMatchObject({ ok: false, error: { code: 'GUEST_STOPPED_EARLY' } })
  })
})

describe('BootWatch after its verdict', () => {
  it('counts nothing that a person does to the guest', () => {
    const watch = watched(LOGIN)
    watch.left(30_000)
    watch.sign(sign('[FAILED] Failed to start broken.service - Broken.'), 40_000)
    watch.reset()

    expect(watch.verdict).toEqual({ ok: true, reached: 'login' })
    expect([watch.failedUnits, watch.resets]).toEqual([[], 0])
  })
})

describe('BootWatch with Secure Boot', () => {
  const REFUSED = 'BdsDxe: failed to load Boot0001 "UEFI Misc Device" from PciRoot(0x0)/Pci(0x1,0x0): Access Denied'
  const FOUND_NOTHING = 'BdsDxe: No bootable option or device was found.'

  it('names what the firmware refused once it has found nothing else to start', () => {
    expect(watched(REFUSED).verdict).toBeUndefined()
    expect(watched(REFUSED, FOUND_NOTHING).verdict).toMatchObject({
      ok: false,
      error: { code: 'GUEST_BOOT_REFUSED', message: expect.stringContaining('The firmware refused to start Boot0001') },
    })
    expect(watched(FOUND_NOTHING).verdict).toMatchObject({ error: { code: 'GUEST_NOT_BOOTABLE' } })
  })

  it('does not take an empty disk for a refusal because the firmware refuses its own shell', () => {
    const shell = 'BdsDxe: failed to start Boot0002 "EFI Internal Shell" from Fv(7CB8BDC9): Security Violation'

    expect(watched(shell, FOUND_NOTHING).verdict).toMatchObject({ error: { code: 'GUEST_NOT_BOOTABLE' } })
  })

  it('forgives the firmware a refusal when it starts something else', () => {
    const watch = watched(REFUSED, KERNEL, LOGIN)

    watch.tick(10_000)
    expect(watch.verdict).toMatchObject({ ok: true })
  })

  it.each([
    ['shim', '\u2502   Verification failed: (0x1A) Security Violation   \u2502', 'shim refused the boot loader'],
    ['the boot loader', 'error: bad shim signature.', 'The boot loader refused the kernel'],
  ])('fails at once when %s refuses what comes next', (_who, line, message) => {
    expect(watched(line).verdict).toMatchObject({
      ok: false,
      error: { code: 'GUEST_BOOT_REFUSED', message: expect.stringContaining(message) },
    })
  })

  // Debian's grub prints this on a good boot, of a module that it does without.
  it('does not mind that the boot loader may not load a module', () => {
    expect(signOf('error: prohibited by secure boot policy.', true)).toBeUndefined()
  })
})

describe('BootWatch of a guest whose initrd is broken', () => {
  const BROKEN = '[    4.607074] Initramfs unpacking failed: invalid magic at start of compressed archive'
  const PANIC = '[    9.012060] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)'

  it.each([
    ['panics', PANIC, 'GUEST_PANICKED'],
    ['stops in its shell', 'ALERT!  UUID=7926 does not exist.  Dropping to a shell!', 'GUEST_EMERGENCY_SHELL'],
  ])('says so when it %s', (_title, line, code) => {
    expect(watched(KERNEL, BROKEN, line).verdict).toMatchObject({
      ok: false,
      error: {
        code,
        message: "The guest's initrd is broken: its kernel could not unpack it",
        why: expect.stringContaining('invalid magic'),
      },
    })
  })

  // Some kernels say this of an initrd with padding behind it, and start.
  it('passes when it comes up all the same', () => {
    const watch = watched(KERNEL, BROKEN, LOGIN)

    watch.tick(10_000)
    expect(watch.verdict).toMatchObject({ ok: true })
  })

  it('does not blame the initrd for a panic of the next start', () => {
    const watch = watched(KERNEL, BROKEN)
    watch.reset()
    watch.sign(sign(PANIC), 5_000)

    expect(watch.verdict).toMatchObject({ error: { message: "The guest's kernel panicked" } })
  })

  it('gives no good verdict while it is held, and then at once', () => {
    const watch = new BootWatch({ afterLoginMs: 3_000, afterTargetMs: 10_000 }, { held: true })
    watch.sign(sign(LOGIN), 1_000)

    watch.tick(60_000)
    expect([watch.verdict, watch.settledAtMs]).toEqual([undefined, undefined])
    watch.release()
    watch.tick(60_000)
    expect(watch.verdict).toEqual({ ok: true, reached: 'login' })
  })

  it('takes a panic for what it is while it is held', () => {
    const watch = new BootWatch({ afterLoginMs: 3_000, afterTargetMs: 10_000 }, { held: true })
    watch.sign(sign(LOGIN), 1_000)
    watch.sign(sign('[   60.0] Kernel panic - not syncing: late'), 60_000)

    watch.endOfTime(new CvmError('GUEST_TIMED_OUT', 'too late'))
    expect(watch.verdict).toMatchObject({ ok: false, error: { code: 'GUEST_PANICKED' } })
  })

  it('passes a guest that came up when the time ends while it is held, and no other', () => {
    const held = () => new BootWatch({ afterLoginMs: 3_000, afterTargetMs: 10_000 }, { held: true })
    const [up, down] = [held(), held()]
    up.sign(sign(LOGIN), 1_000)
    for (const watch of [up, down]) watch.endOfTime(new CvmError('GUEST_TIMED_OUT', 'too late'))

    expect(up.verdict).toEqual({ ok: true, reached: 'login' })
    expect(down.verdict).toMatchObject({ ok: false, error: { code: 'GUEST_TIMED_OUT' } })
  })

  it('keeps the first verdict when a person leaves later', () => {
    const failed = watched(KERNEL, LOGIN, 'You are in emergency mode. After logging in')
    const passed = watched(KERNEL, LOGIN)
    passed.tick(5_000)
    passed.sign(sign('[   60.0] Kernel panic - not syncing: by the person'), 60_000)
    for (const watch of [failed, passed]) watch.left(70_000)

    expect(failed.verdict).toMatchObject({ ok: false, error: { code: 'GUEST_EMERGENCY_SHELL' } })
    expect(passed.verdict).toEqual({ ok: true, reached: 'login' })
  })

  it('judges by what was seen when a person leaves without a verdict', () => {
    const [up, early] = [watched(KERNEL, LOGIN), watched(KERNEL)]
    for (const watch of [up, early]) watch.left(3_000)

    expect(up.verdict).toEqual({ ok: true, reached: 'login' })
    expect(early.verdict).toMatchObject({ ok: false, error: { code: 'GUEST_LEFT_EARLY' } })
  })

  it('takes a power-off by a person for the end of the session, unless the guest was never up', () => {
    const [up, early] = [watched(KERNEL, LOGIN), watched(KERNEL)]
    for (const watch of [up, early]) watch.shutDown(3_000)

    expect(up.verdict).toEqual({ ok: true, reached: 'login' })
    expect(early.verdict).toMatchObject({ ok: false, error: { code: 'GUEST_STOPPED_EARLY' } })
  })

  it('notes the banner of an SSH server, which decides nothing', () => {
    const watch = watched(KERNEL)
    expect(watch.initSeen).toBe(false)
    watch.sign(sign('Welcome to Debian GNU/Linux 13 (trixie)!'), 2_000)
    expect(watch.initSeen).toBe(true)

    watch.sshBanner('SSH-2.0-OpenSSH_9.2p1', 7_340)

    expect(watch.milestones.at(-1)).toEqual({ name: 'ssh banner', seconds: 7.3, detail: 'SSH-2.0-OpenSSH_9.2p1' })
    expect(watch.settledAtMs).toBeUndefined()
  })
})
