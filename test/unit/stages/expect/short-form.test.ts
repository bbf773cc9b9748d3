import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CvmError } from '../../../../src/model/errors.js'
import { readExpectations } from '../../../../src/stages/expect/read-expectations.js'
import { splitShortForm } from '../../../../src/stages/expect/short-form.js'

const HEX = '65caf8dd1e0ea7a6347b635d2b379c93b9a1351edc2afc3ecda700e234eb3068'
const MACHINE_ID = '0123456789abcdef0123456789abcdef'

async function mistakesOf(...words: readonly string[]): Promise<readonly string[]> {
  try {
    await readExpectations(words)
    return []
  } catch (error) {
    if (!(error instanceof CvmError)) throw error
    expect(error.code).toBe('EXPECTATIONS_INVALID')
    return error.why === undefined ? error.lines : [error.why]
  }
}

describe('the short forms of --expect', () => {
  it.each([
    ['cmdline=ima_hash=sha384', { kind: 'cmdline', word: 'ima_hash=sha384', there: true }],
    ['cmdline!=quiet', { kind: 'cmdline', word: 'quiet', there: false }],
    ['secure-boot=on', { kind: 'secure-boot', on: true }],
    ['secure-boot=off', { kind: 'secure-boot', on: false }],
    ['tpm=present', { kind: 'tpm', there: true }],
    ['tpm=absent', { kind: 'tpm', there: false }],
    [`pcr:sha256:7=${HEX.toUpperCase()}`, { kind: 'pcr', bank: 'sha256', index: 7, value: HEX }],
    ['pcr:sha384:23=present', { kind: 'pcr', bank: 'sha384', index: 23 }],
    ['file:/etc/motd=present', { kind: 'file', path: '/etc/motd', is: { how: 'there' } }],
    ['file:/etc/motd=absent', { kind: 'file', path: '/etc/motd', is: { how: 'absent' } }],
    ['file:/etc/motd~a=b~c', { kind: 'file', path: '/etc/motd', is: { how: 'contains', text: 'a=b~c' } }],
    ['text:/etc/motd=', { kind: 'file', path: '/etc/motd', is: { how: 'text', text: '' } }],
    ['matches:/etc/motd=^hel+o$', { kind: 'file', path: '/etc/motd', is: { how: 'matches', pattern: '^hel+o$' } }],
    [`sha256:/etc/motd=${HEX}`, { kind: 'file', path: '/etc/motd', is: { how: 'sha256', digest: HEX } }],
    ['mode:/etc/motd=0644', { kind: 'file', path: '/etc/motd', is: { how: 'mode', mode: '644' } }],
    ['owner:/etc/motd=root', { kind: 'file', path: '/etc/motd', is: { how: 'owner', owner: 'root' } }],
    ['group:/etc/motd=tss', { kind: 'file', path: '/etc/motd', is: { how: 'group', group: 'tss' } }],
    ['package=openssh-server', { kind: 'package', name: 'openssh-server', there: true }],
    ['package!=telnetd', { kind: 'package', name: 'telnetd', there: false }],
    ['package:bash=5.2.15-2+b8', { kind: 'package', name: 'bash', there: true, version: '5.2.15-2+b8' }],
    ['unit=ssh.service', { kind: 'unit', unit: 'ssh.service', state: 'active' }],
    ['unit!=ssh.service', { kind: 'unit', unit: 'ssh.service', state: 'inactive' }],
    ['unit:ssh.service=masked', { kind: 'unit', unit: 'ssh.service', state: 'masked' }],
    ['failed-units=none', { kind: 'no-failed-units' }],
    ['user=attest', { kind: 'user', name: 'attest', there: true, groups: [] }],
    ['user!=ubuntu', { kind: 'user', name: 'ubuntu', there: false, groups: [] }],
    ['user:attest=tss,sgx', { kind: 'user', name: 'attest', there: true, groups: ['tss', 'sgx'] }],
    ['port=22', { kind: 'port', port: 22, open: true }],
    ['port!=65535', { kind: 'port', port: 65535, open: false }],
    ['command=test -e /dev/vda && x=1', { kind: 'command', line: 'test -e /dev/vda && x=1', exits: 0, limitS: 30 }],
    ['command!=id mallory', { kind: 'command', line: 'id mallory', exits: 'nonzero', limitS: 30 }],
    [`machine-id!=${MACHINE_ID}`, { kind: 'machine-id', differsFrom: MACHINE_ID }],
  ])('takes %s', async (word, expectation) => {
    expect(await readExpectations([word])).toEqual([expectation])
  })

  it.each([
    ['unti=ssh.service', 'nothing is called "unti" here; did you mean unit?'],
    ['zzzzzzzz=1', 'nothing is called "zzzzzzzz" here; there are: cmdline, secure-boot, '],
    ['constructor=1', 'nothing is called "constructor" here'],
    ['secure-boot=yes', 'write secure-boot=on or secure-boot=off'],
    ['secure-boot!=on', 'write secure-boot=on or secure-boot=off'],
    ['cmdline=a b', '"a b" is no word of a kernel command line: it has a blank in it'],
    ['cmdline~quiet', 'write cmdline=WORD or cmdline!=WORD'],
    ['pcr:sha256:24=present', '"sha256:24" is no register'],
    ['pcr:sha256:7=1234', '"1234" is neither present nor a PCR value: 64 hex digits'],
    ['pcr=1', 'write pcr:sha256:7=HEX'],
    ['file:etc/motd=absent', '"etc/motd" is no absolute path'],
    ['file:/etc/motd=gone', 'write file:/PATH~TEXT, file:/PATH=present or file:/PATH=absent'],
    ['file:/etc/motd~', 'write file:/PATH~TEXT'],
    ['matches:/etc/motd=(', '--expect matches:/etc/motd=(: is no regular expression: '],
    ['sha256:/x=12', '"12" is no SHA-256: 64 hex digits'],
    ['mode:/x=rw', '"rw" is no mode: octal'],
    ['unit=ssh', '"ssh" is no unit: a name with its kind, such as ssh.service'],
    ['unit:ssh.service=up', 'the state of a unit is one of active, '],
    ['failed-units=some', 'write failed-units=none'],
    ['user:attest=tss,', '"" is no name of a group'],
    ['port=0', '"0" is no port: 1 to 65535'],
    ['port=65536', '"65536" is no port'],
    ['command=', '"" is no line for sh'],
    ['machine-id=1', 'write machine-id!=OTHER'],
    ['machine-id!=1', '"1" is no machine-id: 32 lower-case hex digits'],
  ])('refuses %s and says what it should be', async (word, words) => {
    const [mistake, ...others] = await mistakesOf(word)

    expect(mistake).toContain(`--expect ${word}: `.slice(0, 40))
    expect(mistake).toContain(words)
    expect(others).toEqual([])
  })

  it('are told from files, which have no such sign or begin like a path', () => {
    expect(['expect.yaml', './a=b.yaml', '/a=b', '../a=b', 'dir/x=y', 'file'].map(splitShortForm)).toEqual(
      Array(6).fill(undefined),
    )
  })

  it('tell of a file that is not there how to do without', async () => {
    expect(await mistakesOf('nowhere.yaml')).toEqual([
      '--expect nowhere.yaml: there is no such file; without one, write kind=value, such as unit=ssh.service or cmdline!=quiet',
    ])
  })

  it('tell all their mistakes at once', async () => {
    expect(await mistakesOf('port=0', 'unit=ssh.service', 'tpm=maybe')).toHaveLength(2)
  })

  it('give a value or a clear mistake for any text', async () => {
    const kinds = [
      'cmdline',
      'pcr',
      'file',
      'text',
      'matches',
      'mode',
      'package',
      'unit',
      'user',
      'port',
      'command',
      'x',
    ]
    const word = fc
      .tuple(
        fc.constantFrom(...kinds),
        fc.constantFrom('', ':'),
        fc.string(),
        fc.constantFrom('=', '!=', '~'),
        fc.string(),
      )
      .map((parts) => parts.join(''))
    await fc.assert(
      fc.asyncProperty(word, async (text) => {
        const form = splitShortForm(text)
        if (form === undefined) return
        const mistakes = await mistakesOf(text)
        for (const mistake of mistakes)
          expect(mistake).toMatch(/^--expect [\s\S]*: (?:write |"|nothing is |is no |the state )/)
      }),
      { numRuns: 300 },
    )
  })
})
