import { describe, expect, it } from 'vitest'
import { checkPluginVariables } from '../../../src/plugins/plugin-variables.js'

describe('checkPluginVariables', () => {
  it('takes sound values and unknown variables', () => {
    const variables = {
      GUEST_SIZE: '50G',
      CVM_USER: 'cvm',
      CVM_AUTH_KEY: 'ssh-ed25519 AAAAC3Nz me@host: laptop #1',
      IMA_APPRAISE: 'enforce',
      CVM_OTHER: 'anything; at all',
    }

    expect(checkPluginVariables(variables)).toEqual([])
  })

  it.each(['10485760K', '10240M', '50G', '2T'])('takes the size %s, as 01-resize-image does', (size) => {
    expect(checkPluginVariables({ GUEST_SIZE: size })).toEqual([])
  })

  it.each([
    ['GUEST_SIZE', '50G; rm -rf ~'],
    ['GUEST_SIZE', '-5G'],
    ['GUEST_SIZE', '1.5G'],
    ['CVM_USER', 'root:x'],
    ['CVM_USER', 'a\nb'],
    ['CVM_AUTH_KEY', 'ssh-ed25519 AAAA\nruncmd: [x]'],
    ['IMA_APPRAISE', 'enforced'],
    ['CVM_OTHER', 'a\nb'],
  ])('refuses %s=%j', (name, value) => {
    expect(checkPluginVariables({ [name]: value })).toEqual([
      expect.objectContaining({ code: 'PLUGIN_INVALID', where: name }),
    ])
  })
})
