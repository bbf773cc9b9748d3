import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readTeeFacts } from '../../../src/host/tee-facts.js'

let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tee-facts-'))
})
afterEach(async () => {
  await rm(root, { recursive: true })
})

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), text)
}

describe('readTeeFacts', () => {
  it('reads vendor and flags of the first CPU, the parameters of the modules, and the devices', async () => {
    const cpu = (flags: string) => `processor\t: 0\nvendor_id\t: AuthenticAMD\nflags\t\t: ${flags}\nbugs\t\t: x\n\n`
    await put('proc/cpuinfo', cpu('fpu svm sev_snp') + cpu('other'))
    await put('sys/module/kvm_amd/parameters/sev_snp', 'Y\n')
    await put('dev/kvm', '')

    expect(await readTeeFacts(root)).toEqual({
      cpuFlags: new Set(['fpu', 'svm', 'sev_snp']),
      cpuVendor: 'amd',
      kvm: 'usable',
      sev: 'missing',
      kvmIntelTdx: undefined,
      kvmAmdSevSnp: 'Y',
    })
  })

  it('finds nothing where there is nothing', async () => {
    expect(await readTeeFacts(root)).toMatchObject({ cpuVendor: 'other', kvm: 'missing', kvmIntelTdx: undefined })
  })
})
