import { describe, expect, it } from 'vitest'
import { guestText, partText } from '../../../src/stages/guest-words.js'
import { aCloudInitEvent, aPart } from '../../fixtures/builders.js'

const PARTS = new Map([['100-x', aPart({ name: '100-x', plugin: '10-hello', file: 'guest_run.sh' })]])

describe('guestText', () => {
  it('speaks of scripts as their authors know them, and of our own in words', () => {
    expect(partText('100-x', PARTS)).toBe('10-hello: guest_run.sh')
    expect(partText('boot-files', PARTS)).toBe('initrd and boot loader')
    expect(partText('unknown', PARTS)).toBe('unknown')
  })

  it('tells good endings from bad ones', () => {
    expect(guestText({ event: 'part-end', s: 1, part: '100-x', rc: 0, tail: '' }, PARTS)).toBe(
      '10-hello: guest_run.sh done',
    )
    expect(guestText({ event: 'part-end', s: 1, part: '100-x', rc: 2, tail: '' }, PARTS)).toBe(
      '10-hello: guest_run.sh exited 2',
    )
    expect(guestText(aCloudInitEvent({ warnings: ['a'] }), PARTS)).toBe('cloud-init 22.4.2 finished with 1 warnings')
  })
})
