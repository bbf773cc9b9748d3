import { describe, expect, it } from 'vitest'
import { nearMissOfKnownEntry, parsePluginName, whyNoPluginName } from '../../../src/plugins/plugin-name.js'

describe('plugin names', () => {
  it('reads number and title', () => {
    expect(parsePluginName('03-netplan')).toEqual({ name: '03-netplan', number: 3, title: 'netplan' })
    expect(parsePluginName('98-ima_x.y-2')?.number).toBe(98)
    expect(parsePluginName('00-a')?.title).toBe('a')
  })

  it.each([
    ['netplan', 'no number'],
    ['5-x', '05-x'],
    ['100-x', 'more than two digits'],
    ['05-Motd', '05-motd'],
    ['05-motd.', 'ends with a dot'],
    ['05-', 'does not start with'],
    ['05-a b', 'other than'],
    ['05--a', 'does not start with'],
  ])('refuses %s and says why', (name, why) => {
    expect(parsePluginName(name)).toBeUndefined()
    expect(whyNoPluginName(name)).toContain(why)
  })

  it.each([
    ['hostrun.sh', 'host_run.sh'],
    ['host-run.sh', 'host_run.sh'],
    ['file', 'files'],
    ['cloudinit', 'cloud-init'],
    ['cloud_init', 'cloud-init'],
    ['not_run', 'NOT_RUN'],
    ['readme.md', 'README.md'],
    ['poststage', 'post-stage'],
  ])('sees that %s was meant to be %s', (name, known) => {
    expect(nearMissOfKnownEntry(name)).toBe(known)
  })

  it.each(['file_list', 'assets', 'LICENSE', 'label.py', 'files', 'NOT_RUN'])('lets %s be', (name) => {
    expect(nearMissOfKnownEntry(name)).toBeUndefined()
  })
})
