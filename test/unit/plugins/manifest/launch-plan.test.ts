import { describe, expect, it } from 'vitest'
import { planLaunch } from '../../../../src/plugins/manifest/launch-plan.js'
import type { Wisher } from '../../../../src/plugins/manifest/plan-wishes.js'
import { manifestFrom } from '../../../../src/plugins/manifest/read-manifest.js'
import { aPlugin } from '../../../fixtures/builders.js'

async function aWisher(name: string, yaml: string): Promise<Wisher> {
  const found = { problems: [], notes: [] }
  const manifest = await manifestFrom(Buffer.from(yaml), 'plugin.yaml', found)
  expect(found.problems).toEqual([])
  if (manifest === undefined) throw new Error('no manifest')
  return { ...aPlugin({ name, dir: `/plugins/${name}` }), manifest }
}

describe('planLaunch', () => {
  it('has no plan when nobody wants anything', async () => {
    expect(planLaunch([await aWisher('10-a', 'grub: {timeout: 0}')], {})).toEqual({
      problems: [],
      notes: [],
      runNotes: [],
    })
  })

  it('merges what plugins want, with who asked; lists add up; paths are seen from the plugin', async () => {
    const wishers = [
      await aWisher(
        '10-a',
        'vm: {vcpus: 4, network: {forward: [2222:22]}, firmware: {image: OVMF.fd}}\nlaunch-identity: {mrowner: "pubkey:owner.pem"}',
      ),
      await aWisher('20-b', 'vm: {vcpus: 4, memory: 8G, network: {forward: [2222:22, 80]}, disks: [{path: data.img}]}'),
    ]

    expect(planLaunch(wishers, {})).toEqual({
      plan: {
        words: {
          vcpus: 4,
          memoryMiB: 8192,
          forwards: [
            { hostPort: 2222, guestPort: 22 },
            { hostPort: 0, guestPort: 80 },
          ],
          firmware: 'rom',
          firmwareImage: '/plugins/10-a/OVMF.fd',
          disks: [{ path: '/plugins/20-b/data.img', readOnly: false }],
          mrowner: 'pubkey:/plugins/10-a/owner.pem',
        },
        plugins: {
          vcpus: ['10-a', '20-b'],
          memoryMiB: ['20-b'],
          forwards: ['10-a', '20-b'],
          firmware: ['10-a'],
          firmwareImage: ['10-a'],
          disks: ['20-b'],
          mrowner: ['10-a'],
        },
      },
      problems: [],
      notes: [],
      runNotes: [],
    })
  })

  it('takes values of options, also as numbers, yes and no, and items of lists', async () => {
    const yaml =
      'options: {CPUS: {type: integer}, BIG: {type: boolean}, PORTS: {type: list}}\nvm: {vcpus: $CPUS, hugepages: $BIG, network: {forward: [$PORTS]}}'
    const { plan } = planLaunch([await aWisher('10-a', yaml)], { CPUS: '6', BIG: 'true', PORTS: '22\n8080:80' })

    expect(plan?.words).toEqual({
      vcpus: 6,
      hugepages: true,
      forwards: [
        { hostPort: 0, guestPort: 22 },
        { hostPort: 8080, guestPort: 80 },
      ],
    })
  })

  it('refuses what an option has put there, without repeating it', async () => {
    const yaml = 'options: {CPUS: {type: integer}}\nvm: {vcpus: $CPUS}'

    expect(planLaunch([await aWisher('10-a', yaml)], { CPUS: '5000' }).problems).toEqual([
      {
        code: 'PLUGIN_INVALID',
        where: '/plugins/10-a/plugin.yaml',
        what: 'vm.vcpus: what an option has put there must be a whole number from 1 to 1024',
      },
    ])
  })

  it('tells of a plugin that wants nothing because its options have no value', async () => {
    const wisher = await aWisher('10-a', 'options: {CPUS: {type: integer}}\nvm: {vcpus: $CPUS}')

    expect(planLaunch([wisher], {}).runNotes).toEqual(['10-a: CPUS not given: nothing to do for the launch'])
  })

  it.each([
    ['vm: {vcpus: 2}', 'vm: {vcpus: 4}', 'vm.vcpus: 10-a wants 2, 20-b wants 4'],
    [
      'vm: {network: {type: none}}',
      'vm: {network: {bridge: br0}}',
      'vm.network.type: 10-a wants none, 20-b wants bridge',
    ],
    [
      'vm: {network: {type: none}}',
      'vm: {network: {forward: [22]}}',
      'vm.network.forward: is for user, and what is asked for is none (20-b and 10-a)',
    ],
    [
      'vm: {network: {forward: ["5:22"]}}',
      'vm: {network: {forward: ["5:80"]}}',
      'vm.network.forward: takes the port 5 of this host twice (10-a and 20-b)',
    ],
    [
      'launch-identity: {mrowner: "file:x"}',
      'launch-identity: {mrowner: "file:x"}',
      'launch-identity.mrowner: 10-a wants file:/plugins/10-a/x, 20-b wants file:/plugins/20-b/x',
    ],
  ])('refuses contradictions with both names: %s and %s', async (one, other, what) => {
    const { problems } = planLaunch([await aWisher('10-a', one), await aWisher('20-b', other)], {})

    expect(problems).toEqual([{ code: 'PLUGIN_INVALID', where: '/plugins/20-b/plugin.yaml', what }])
  })
})

describe('vm and launch-identity of a plugin.yaml', () => {
  it.each([
    ['vm: {vcpu: 2}', /did you mean vcpus/],
    ['vm: {mac: "x"}', /"mac" is no key here; .*vm\.network/],
    ['vm: {vcpus: 0}', /must be a whole number from 1 to 1024/],
    ['vm: {vcpus: $CPUS}', /takes \$CPUS, which is not among this plugin's options/],
    ['options: {S: {type: string, secret: true}}\nlaunch-identity: {mrowner: $S}', /takes \$S, which is secret/],
    ['launch-identity: {policy: 0x10000}', /bit 17/],
    ['tee: tdx', /"tee" is no key here/],
  ])('refuse %j', async (yaml, what) => {
    const found: { problems: { what: string }[]; notes: string[] } = { problems: [], notes: [] }
    await manifestFrom(Buffer.from(yaml), 'plugin.yaml', found as never)

    expect(found.problems.map((each) => each.what)).toEqual([expect.stringMatching(what)])
  })
})
