import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkImaPolicy } from '../../../src/plugins/ima-policy.js'
import { readmeSummary } from '../../../src/plugins/readme-summary.js'

const ROOT = new URL('../../..', import.meta.url).pathname
const PLUGINS = ['pre-stage', 'post-stage'].flatMap((stage) =>
  readdirSync(join(ROOT, stage))
    .sort()
    .map((name) => `${stage}/${name}`),
)

describe('the shipped plugins', () => {
  it('are these', () => {
    expect(PLUGINS).toEqual([
      'pre-stage/01-resize-image',
      'pre-stage/02-motd-welcome',
      'pre-stage/03-netplan',
      'pre-stage/04-user-authkey',
      'pre-stage/05-readonly-data',
      'pre-stage/06-install-tdx-guest-kernel',
      'pre-stage/07-device-permission',
      'pre-stage/08-attestation-permissions',
      'pre-stage/09-vsock-port',
      'pre-stage/10-kernel-cmdline',
      'pre-stage/20-secure-boot-keys',
      'pre-stage/21-firmware-variables',
      'pre-stage/60-initrd-update',
      'pre-stage/97-sample',
      'pre-stage/98-ima-enable-simple',
      'post-stage/10-seal',
      'post-stage/50-image-check',
      'post-stage/99-byebye',
    ])
  })

  it.each(PLUGINS)('%s says in one sentence what it does', (path) => {
    const readme = readFileSync(join(ROOT, path, 'README.md'), 'utf8')

    expect(readme.split('\n')[0]).toBe(`# ${path.split('/')[1]}`)
    expect(readmeSummary(readme)).toMatch(/^[A-Z][^.]*(?:\.[a-z][^.]*)*\.$/)
  })

  it('ship an IMA policy that the kernel takes', () => {
    const policy = readFileSync(join(ROOT, 'pre-stage/98-ima-enable-simple/files/etc/ima/ima-policy'), 'latin1')

    expect(checkImaPolicy(policy)).toEqual([])
  })

  it('exempt each pseudo file system from measuring and from appraising alike', () => {
    const policy = readFileSync(join(ROOT, 'pre-stage/98-ima-enable-simple/files/etc/ima/ima-policy'), 'latin1')
    const magics = (action: string) =>
      [...policy.matchAll(new RegExp(`^${action} fsmagic=(\\w+)$`, 'gm'))].map(([, magic]) => magic)

    expect(magics('dont_measure').length).toBeGreaterThan(10)
    expect(magics('dont_appraise')).toEqual(magics('dont_measure'))
  })
})
