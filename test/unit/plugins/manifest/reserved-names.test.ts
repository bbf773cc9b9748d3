import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { runEnvText } from '../../../../src/guest/run-env.js'
import { hostEnvironment, pluginVariables } from '../../../../src/host/environment.js'
import { isReserved } from '../../../../src/plugins/manifest/reserved-names.js'

const GUEST = new URL('../../../../cloud-init/guest', import.meta.url).pathname

describe('isReserved', () => {
  it.each(['PATH', 'GUEST_IMG', 'CVM_WORK_DIR', 'LD_PRELOAD', 'BASH_ENV', 'GRUB_CMDLINE_LINUX', 'UID', 'HTTPS_PROXY'])(
    '%s is',
    (name) => {
      expect(isReserved(name)).toBe(true)
    },
  )

  it.each(['GUEST_SIZE', 'CVM_USER', 'CVM_AUTH_KEY', 'IMA_APPRAISE', 'COLOUR', 'MY_TOKEN', 'PATHS'])(
    '%s is not',
    (name) => {
      expect(isReserved(name)).toBe(false)
    },
  )

  it('all that comes through from our environment to host scripts is, but for the variables of plugins', () => {
    const known = ['HOME', 'USER', 'TMPDIR', 'TERM', 'PATH', 'LANG', 'LC_ALL', 'XDG_RUNTIME_DIR', 'LIBGUESTFS_BACKEND']
    const name = fc.oneof(
      fc.constantFrom(...known),
      fc.stringMatching(/^[A-Z][A-Z_]{0,12}$/),
      fc.stringMatching(/^(?:XDG|LIBGUESTFS|GUEST|CVM)_[A-Z]{1,8}$/),
    )
    fc.assert(
      fc.property(name, (each) => {
        const env = { [each]: '/x' }
        const comesThrough = Object.hasOwn(hostEnvironment(env), each)
        if (comesThrough && !Object.hasOwn(pluginVariables(env), each)) expect(isReserved(each), each).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  it('all that our own scripts in the guest have is', () => {
    const run = {
      nonce: 'x',
      payloadBytes: 0,
      payloadHasUnits: false,
      diskGrown: false,
      emulated: false,
      variables: {},
    }
    const texts = readdirSync(GUEST).map((name) => readFileSync(join(GUEST, name), 'utf8'))
    const names = new Set([...texts, runEnvText(run)].flatMap((text) => text.match(/\bCVM_[A-Z_]*[A-Z]\b/g) ?? []))

    expect(names.size).toBeGreaterThan(8)
    expect([...names].filter((name) => !isReserved(name))).toEqual([])
  })
})
