import { expect, it } from 'vitest'
import { junitOf } from '../../../src/cli/qemu-test-junit.js'
import { CvmError } from '../../../src/model/errors.js'
import type { BootTestResult } from '../../../src/stages/boot-request.js'

const UP: BootTestResult = {
  verdict: { ok: true, reached: 'login' },
  milestones: [{ name: 'login', seconds: 40.1, detail: 'debian' }],
  failedUnits: [],
  outOfMemory: [],
  restarts: 0,
  seconds: 48.2,
  limitMin: 10,
  firmware: { kind: 'uefi', why: 'as asked' },
  accel: 'tcg',
  accelWhy: '',
  memoryMiB: 2048,
  vcpus: 2,
  launch: {
    name: 'cvm-qemu-test',
    accel: 'tcg',
    tee: { kind: 'none' },
    vcpus: 2,
    memoryMiB: 2048,
    hugepages: false,
    firmware: { kind: 'bios' },
    disks: [],
    network: { kind: 'none' },
    tpm: false,
  },
  unsaved: [],
  tail: ['last words'],
}

it('has one passed case for a guest that comes up', () => {
  const xml = junitOf(UP, 'output.qcow2')

  expect(xml).toMatch(/tests="1" failures="0"/)
  expect(xml).toContain('name="comes up" time="48.2"/>')
  expect(xml).toContain('login after 40.1 s debian')
})

it('has a failed case, and the last words, of a guest that does not', () => {
  const error = new CvmError('GUEST_PANICKED', "The guest's kernel panicked", { why: 'VFS' })

  const xml = junitOf({ ...UP, verdict: { ok: false, error } }, 'output.qcow2')

  expect(xml).toMatch(/tests="1" failures="1"/)
  expect(xml).toContain(`<failure message="GUEST_PANICKED: The guest's kernel panicked">`)
  expect(xml).toContain('last words')
})

it('has a case for each expectation, and the boot is no failure when only one of them does not hold', () => {
  const expectations = [
    { what: 'unit ssh.service', ok: true, expected: 'active', seen: 'active' },
    { what: 'secure-boot', ok: false, expected: 'on', seen: 'off' },
  ]
  const error = new CvmError('EXPECTATION_FAILED', 'not as expected: secure-boot')

  const xml = junitOf({ ...UP, expectations, verdict: { ok: false, error } }, 'output.qcow2')

  expect(xml).toMatch(/tests="3" failures="1"/)
  expect(xml).toContain('name="comes up" time="48.2"/>')
  expect(xml).toContain('name="unit ssh.service: active" time="0.0"/>')
  expect(xml).toMatch(/name="secure-boot: on" time="0.0">\s+<failure message="seen: off">/)
})
