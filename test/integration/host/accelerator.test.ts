import { existsSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { probeAccelerator } from '../../../src/host/accelerator.js'

it('takes emulation without a look at the machine when it was asked for', async () => {
  expect(await probeAccelerator('tcg')).toEqual({ accel: 'tcg', why: 'asked for with --accel tcg' })
})

// Without the device the probe guest is never started; that case is the first test of its own.
describe.skipIf(!existsSync('/dev/kvm'))('with a /dev/kvm (skipped: there is none here)', () => {
  const path = process.env['PATH']
  beforeEach(() => {
    process.env['PATH'] = `${FAKE_BIN}${delimiter}${path}`
  })
  afterEach(() => {
    process.env['PATH'] = path
    delete process.env['XDG_FAKE_QEMU']
  })

  it('believes in KVM when the probe guest ran and said so itself', async () => {
    process.env['XDG_FAKE_QEMU'] = 'probe-ran'

    expect(await probeAccelerator('auto')).toMatchObject({ accel: 'kvm' })
  })

  it.each(['abort', 'exit-zero'])('does not believe in KVM when QEMU ends otherwise (%s)', async (ending) => {
    process.env['XDG_FAKE_QEMU'] = ending

    expect(await probeAccelerator('auto')).toEqual({
      accel: 'tcg',
      why: '/dev/kvm opens, but a probe guest did not run under it',
    })
  })

  it('does not wait for a probe guest that hangs', async () => {
    process.env['XDG_FAKE_QEMU'] = 'hang'

    expect(await probeAccelerator('auto')).toMatchObject({ accel: 'tcg' })
  })

  it('refuses when KVM was asked for and does not work', async () => {
    process.env['XDG_FAKE_QEMU'] = 'abort'

    await expect(probeAccelerator('kvm')).rejects.toMatchObject({ code: 'KVM_UNUSABLE' })
  })
})

const FAKE_BIN = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'fixtures', 'bin', 'fake-qemu')
