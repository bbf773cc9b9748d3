import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { addLaunchFlags, flagWordsOf, launchLayersOf, wordsOfFlag } from '../../../src/cli/launch-flags.js'
import { strict } from '../../../src/cli/usage-error.js'
import { LAUNCH_KEYS } from '../../../src/model/launch-keys.js'

function parsed(...words: readonly string[]): Readonly<Record<string, unknown>> {
  const command = addLaunchFlags(strict(new Command('launch'))).action(() => {})
  command.parse(['node', 'launch', ...words])
  return command.opts()
}

const HEX = 'ab'.repeat(48)

describe('the flags of a launch', () => {
  it('say the same as a launch file, each with its own origin', async () => {
    const options = parsed(
      ...[
        '--tee',
        'tdx',
        '--vcpus',
        '4',
        '--memory',
        '8G',
        '--hugepages',
        '--net',
        '10.5.0.0/16',
        '--mac',
        '52:54:00:AA:00:01',
      ],
      ...['--forward', '2222:22', '--forward', '80', '--firmware-image', 'OVMF.fd', '--vsock', 'free'],
      ...['--quote-service', 'vsock:2:4050', '--debug', '--mrowner', HEX, '--policy', '0x30000', '--append', 'a b'],
      ...['--disk', 'x,format=raw,read-only', '--boot-menu-wait', '5'],
    )

    const layers = await launchLayersOf(options, '/here')
    expect(Object.assign({}, ...layers.map(({ wishes }) => wishes))).toEqual({
      tee: 'tdx',
      vcpus: 4,
      memoryMiB: 8192,
      hugepages: true,
      network: 'user',
      cidr: '10.5.0.0/16',
      mac: '52:54:00:aa:00:01',
      forwards: [
        { hostPort: 2222, guestPort: 22 },
        { hostPort: 0, guestPort: 80 },
      ],
      firmware: 'rom',
      firmwareImage: '/here/OVMF.fd',
      vsockCid: 'free',
      quoteService: { kind: 'vsock', cid: 2, port: 4050 },
      debug: true,
      bootMenuWaitSeconds: 5,
      mrowner: HEX,
      policy: '0x30000',
      cmdline: 'a b',
      disks: [{ path: '/here/x', format: 'raw', readOnly: true }],
    })
    expect(layers.map(({ origin }) => origin).slice(0, 5)).toEqual([
      '--tee',
      '--vcpus',
      '--memory',
      '--hugepages',
      '--net',
    ])
    expect(layers.find(({ origin }) => origin === '--mrowner')?.madeFrom).toEqual({ mrowner: '48 bytes given in hex' })
  })

  it('are in the order in which kinds come before what depends on them, whatever was typed first', () => {
    const words = flagWordsOf(parsed('--forward', '2222:22', '--dhcp-start', '10.0.2.9', '--net', 'user'))

    expect(words.map(({ origin }) => origin)).toEqual(['--net', '--dhcp-start', '--forward'])
  })

  it('give no wishes when none is given', async () => {
    expect(await launchLayersOf(parsed())).toEqual([])
  })

  it('take a bridge by its name', () => {
    expect(flagWordsOf(parsed('--net', 'bridge:br0'))).toEqual([
      { origin: '--net', words: { network: 'bridge', bridge: 'br0' } },
    ])
  })

  it.each([
    [['--net', 'nat'], /user, none, bridge:NAME/],
    [['--net', '10.0.2.1/24'], /the network is 10\.0\.2\.0\/24/],
    [['--net', 'bridge:'], /no name of a bridge/],
    [['--mac', '01:00:00:00:00:00'], /multicast/],
    [['--vcpus', '0'], /1 to 1024/],
    [['--memory', '8'], /size with its unit/],
    [['--forward', '70000:22'], /1 to 65535/],
    [['--vsock', '2'], /from 3 to/],
    [['--boot-menu-wait', '66'], /0 to 65/],
    [['--boot-menu-wait', '1.5'], /whole number/],
    [['--tee', 'sgx'], /none, tdx, snp/],
    [['--policy', '1'], /bit 17/],
  ])('refuse %j with what is right', (words, message) => {
    expect(() => parsed(...words)).toThrow(message)
  })

  it('refuse an identity of the wrong length, naming the flag', async () => {
    await expect(launchLayersOf(parsed('--host-data', 'abcd'))).rejects.toMatchObject({
      code: 'IDENTITY_INVALID',
      message: expect.stringContaining('--host-data'),
    })
  })

  it('can say every wish', () => {
    const help = addLaunchFlags(new Command('x')).helpInformation()
    const keysWithout = LAUNCH_KEYS.filter((key) => !['bridge', 'cidr', 'firmware'].includes(key))

    expect(help.match(/^ {2}--/gm)).toHaveLength(keysWithout.length)
  })

  it('can be left out one by one, and be said by a letter', () => {
    expect(addLaunchFlags(new Command('x'), ['memoryMiB']).helpInformation()).not.toContain('--memory')
    expect(wordsOfFlag('mac', '52:54:00:00:00:0A')).toEqual({ mac: '52:54:00:00:00:0a' })
    expect(wordsOfFlag('debug', '')).toEqual({ debug: true })
    expect(() => wordsOfFlag('mac', 'x')).toThrow(/no MAC address/)
  })
})
