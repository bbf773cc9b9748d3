import { describe, expect, it } from 'vitest'
import { writeTimeout } from '../../../src/firmware/decode/simple-values.js'
import { GUID } from '../../../src/firmware/variable.js'
import type { LaunchWishes } from '../../../src/model/launch.js'
import { bootMenuOf } from '../../../src/stages/boot-menu.js'

/** Of a plugin that sets Timeout, by one of its names. */
function menuFor(seconds: number, launch: LaunchWishes = {}, name = 'Timeout') {
  const variable = { name: 'Timeout', guid: GUID.global, attributes: 7, data: writeTimeout(seconds) }
  const wish = { form: 'plain', text: String(seconds) } as const
  const variables = [
    { ...wish, name: 'Lang', plugins: ['20-other'] },
    { ...wish, name, plugins: ['21-vars', '22-too'] },
  ]
  return bootMenuOf({ plan: { variables }, edits: [{ kind: 'set', variable }], variables: [variable], launch })
}

const waits = (seconds: number) => [
  { origin: '21-vars/plugin.yaml, 22-too/plugin.yaml: Timeout', wishes: { bootMenuWaitSeconds: seconds } },
]

describe('the boot menu of a launch whose Timeout plugins set', () => {
  it.each([0, 3, 65])('waits as long, with those who asked as the origin: %i s', (seconds) => {
    expect(menuFor(seconds)).toEqual({ layers: waits(seconds), notes: [] })
    expect(menuFor(seconds, {}, `Timeout-${GUID.global}`)).toEqual({ layers: waits(seconds), notes: [] })
  })

  it('is left as it is when the launch says the same', () => {
    expect(menuFor(3, { bootMenuWaitSeconds: 3 })).toEqual({ layers: [], notes: [] })
  })

  it('is refused when the launch says something else', () => {
    expect(() => menuFor(0, { bootMenuWaitSeconds: 3 })).toThrow(
      expect.objectContaining({
        code: 'LAUNCH_INVALID',
        why: expect.stringMatching(/^Timeout is 0 \(21-vars.*vm\.boot-menu-wait is 3$/),
      }),
    )
  })

  it.each([66, 0xffff])('cannot wait longer than QEMU can say, and that is told: %i', (seconds) => {
    expect(menuFor(seconds)).toEqual({
      layers: [],
      notes: [expect.stringMatching(/cannot be honoured: .* 65 s at the most, and here it does not wait/)],
    })
    expect(menuFor(seconds, { bootMenuWaitSeconds: 65 }).notes).toEqual([expect.stringMatching(/here it waits 65 s$/)])
  })

  it('is not there when a kernel is started directly, which is told', () => {
    expect(menuFor(3, { kernel: '/vmlinuz' })).toEqual({
      layers: [],
      notes: [expect.stringMatching(/^Timeout \(21-vars.*a kernel is started without a boot menu/)],
    })
    expect(menuFor(0, { kernel: '/vmlinuz' })).toEqual({ layers: [], notes: [] })
  })

  it("is nobody's wish when no plugin sets Timeout", () => {
    expect(bootMenuOf({ plan: undefined, edits: [], variables: [], launch: {} })).toEqual({ layers: [], notes: [] })
  })
})
