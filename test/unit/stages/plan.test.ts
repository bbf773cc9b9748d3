import { describe, expect, it } from 'vitest'
import { planRewrite } from '../../../src/stages/plan.js'
import { aPlugin, aRequest, aSurvey, NONCE } from '../../fixtures/builders.js'

const FATES = { runId: '0badcafe', nonce: NONCE, now: new Date(0), output: '/out/my.image.qcow2' }

describe('planRewrite', () => {
  it('decides all names from the output and the run id', () => {
    expect(planRewrite(aRequest(), aSurvey(), FATES).names).toEqual({
      domain: 'cvm-rewrite-0badcafe',
      instanceId: 'iid-cvm-rewrite-0badcafe',
      workDir: '/out/.cvm-rewrite-0badcafe',
      failedDir: '/out/my.image.failed-0badcafe',
      launch: '/out/my.image.launch.json',
      report: '/out/my.image.report.json',
    })
  })

  it('is plain JSON: what --dry-run prints is all there is', () => {
    const plan = planRewrite(aRequest(), aSurvey({ plugins: [aPlugin()] }), FATES)

    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
  })

  it.each([
    [{ accel: 'kvm' as const }, {}, 3, 'the default'],
    [{ accel: 'tcg' as const }, {}, 20, 'the default without KVM, which takes 10 to 20 times as long'],
    [{ accel: 'tcg' as const }, { guestTimeMin: 1 }, 1, 'given with -t'],
    [{ accel: 'kvm' as const }, { guestTimeMin: 35_791 }, 35_791, 'given with -t'],
  ])('with %j and %j gives the guest %i minutes and says why', (survey, request, minutes, why) => {
    const plan = planRewrite(aRequest(request), aSurvey(survey), FATES)

    expect([plan.guestTimeMin, plan.guestTimeWhy]).toEqual([minutes, why])
  })

  it.each([
    [{ hostCpus: 8 }, {}, { vcpus: 2, memoryMiB: 2048 }],
    [{ hostCpus: 1 }, {}, { vcpus: 1, memoryMiB: 2048 }],
    [{ hostCpus: 4 }, { vcpus: 4, memoryMiB: 512 }, { vcpus: 4, memoryMiB: 512 }],
  ])('on a machine with %j, asked for %j, plans %j', (survey, request, machine) => {
    expect(planRewrite(aRequest(request), aSurvey(survey), FATES).machine).toMatchObject(machine)
  })

  it('refuses more memory than the machine has free', () => {
    const request = aRequest({ memoryMiB: 4096 })

    expect(() => planRewrite(request, aSurvey({ hostMemoryMiB: 4095 }), FATES)).toThrow(
      expect.objectContaining({ code: 'HOST_TOO_SMALL' }),
    )
    expect(planRewrite(request, aSurvey({ hostMemoryMiB: 4096 }), FATES).machine.memoryMiB).toBe(4096)
  })

  it('refuses more CPUs than the machine has', () => {
    expect(() => planRewrite(aRequest({ vcpus: 5 }), aSurvey({ hostCpus: 4 }), FATES)).toThrow(
      expect.objectContaining({ code: 'HOST_TOO_SMALL', message: '--vcpus 5, but this machine has 4 CPUs' }),
    )
  })

  it('boots with the firmware that the survey found, else as a BIOS does', () => {
    const uefi = { code: '/c', vars: '/v', format: 'raw' } as const

    expect(planRewrite(aRequest(), aSurvey({ uefi }), FATES).machine.firmware).toEqual({ kind: 'uefi', ...uefi })
    expect(planRewrite(aRequest(), aSurvey(), FATES).machine.firmware).toEqual({ kind: 'bios' })
  })
})
