import { expect, it } from 'vitest'
import { hostEnvironment, pluginVariables, searchPath } from '../../../src/host/environment.js'

it('drops what would change how children start or what they load', () => {
  const traps = { BASH_ENV: '/evil', ENV: '/evil', LD_PRELOAD: '/evil.so', NODE_OPTIONS: '--require /evil', IFS: 'x' }

  const kept = hostEnvironment({ ...traps, PYTHONPATH: '/evil', PATH: '/usr/bin' })

  expect(Object.keys(kept).sort()).toEqual(['LANG', 'LC_ALL', 'PATH'])
})

it('keeps the home and the XDG folders', () => {
  const given = { HOME: '/h', TMPDIR: '/t', XDG_RUNTIME_DIR: '/r' }

  expect(hostEnvironment(given)).toMatchObject(given)
})

it('keeps the variables of plugins, which may be secret, from programs that are no scripts of plugins', () => {
  const kept = hostEnvironment({ GUEST_SIZE: '10G', CVM_LICENCE: 'a', IMA_MODE: 'fix', SEAL_X: 'y', PATH: '/usr/bin' })

  expect(Object.keys(kept).sort()).toEqual(['LANG', 'LC_ALL', 'PATH'])
})

it('always speaks C.UTF-8, whatever the caller speaks', () => {
  expect(hostEnvironment({ LANG: 'de_DE', LC_ALL: 'POSIX' })).toMatchObject({ LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' })
})

it('leaves the current directory out of PATH and adds the sbin directories once', () => {
  expect(searchPath({ PATH: '.::bin:/usr/bin:/sbin' })).toEqual(['/usr/bin', '/sbin', '/usr/sbin'])
})

it('finds the usual programs when PATH is not set at all', () => {
  expect(hostEnvironment({}).PATH).toBe('/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin')
})

it('gives guests only well-formed plugin variables', () => {
  const from = { CVM_USER: 'a', SEAL_X: 'b', HOME: '/h', CVM_lower: 'no', XCVM_A: 'no', 'CVM_A B': 'no' }

  expect(pluginVariables(from)).toEqual({ CVM_USER: 'a', SEAL_X: 'b' })
})
