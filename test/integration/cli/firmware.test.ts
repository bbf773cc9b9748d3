import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { anEmptyStore } from '../../unit/firmware/a-store.js'
import { runCli } from './run-cli.js'

const OWN = 'Own-01234567-89ab-cdef-0123-456789abcdef'
let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cvm-firmware-'))
  writeFileSync(join(dir, 'vars.fd'), anEmptyStore())
})
afterEach(async () => await rm(dir, { recursive: true, force: true }))

async function firmware(...args: readonly string[]) {
  return await runCli(dir, ['firmware', ...args])
}

async function good(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await firmware(...args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}

interface Shown {
  readonly kind: string
  readonly format: string
  readonly secureBoot: { readonly on: boolean }
  readonly store: { readonly usedBytes: number } | null
  readonly variables: readonly { readonly name: string; readonly data: string; readonly attributes: number }[]
  readonly findings: readonly { readonly severity: string; readonly text: string }[]
}

async function shown(file: string): Promise<Shown> {
  return JSON.parse((await firmware('show', file, '--json')).stdout)
}

async function valuesIn(file: string): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries((await shown(file)).variables.map(({ name, data }) => [name, data]))
}

function bytes(name: string): Buffer {
  return readFileSync(join(dir, name))
}

describe('firmware set', () => {
  it('sets a variable in a new file, leaves the old one alone, and tells the difference', async () => {
    const text = await good('set', 'vars.fd', 'BootOrder', '0001,0000', '-o', 'new.fd')

    expect(bytes('vars.fd').equals(anEmptyStore())).toBe(true)
    expect(await valuesIn('new.fd')).toEqual({ BootOrder: '01000000' })
    expect(text).toMatch(/\+ BootOrder 8be4df61\S+, NV,BS,RT\n +0001,0000\n/)
    expect(text).toMatch(/MRTD stays the same/)
    expect(text).toMatch(/BootOrder \(RTMR0, PCR 1\)/)
    expect(readdirSync(dir).sort()).toEqual(['new.fd', 'vars.fd'])
  })

  it('takes all forms of values for a variable of its own name', async () => {
    writeFileSync(join(dir, 'bytes'), 'from a file')
    await good('set', 'vars.fd', OWN, '--text', 'hello', '--attributes', 'nv,bs', '-o', 'a.fd')
    expect((await shown('a.fd')).variables).toMatchObject([{ name: 'Own', data: '68656c6c6f', attributes: 3 }])

    // The GUID is known now, and the attributes stay.
    await good('set', 'a.fd', 'Own', '--u32', '7', '-o', 'b.fd')
    expect((await shown('b.fd')).variables).toMatchObject([{ data: '07000000', attributes: 3 }])
    await good('set', 'a.fd', 'Own', '--file', 'bytes', '-o', 'c.fd')
    expect(await valuesIn('c.fd')).toEqual({ Own: Buffer.from('from a file').toString('hex') })
  })

  it('gives keys the attributes that they must have, and only the time that was asked for', async () => {
    await good('set', 'vars.fd', 'PK', '--hex', '00', '-o', 'a.fd')
    await good('set', 'vars.fd', 'PK', '--hex', '00', '--date', '2026-01-31', '-o', 'b.fd')

    expect((await shown('a.fd')).variables).toMatchObject([{ attributes: 0x27, time: null }])
    expect((await shown('b.fd')).variables).toMatchObject([{ attributes: 0x27, time: '2026-01-31T00:00:00Z' }])
  })

  it('replaces a file only when told to, the file itself too, and keeps its permissions', async () => {
    const refused = await firmware('set', 'vars.fd', 'Lang', 'eng', '-o', 'vars.fd')
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('OUTPUT_EXISTS') })
    expect(bytes('vars.fd').equals(anEmptyStore())).toBe(true)

    execFileSync('chmod', ['600', join(dir, 'vars.fd')])
    await good('set', 'vars.fd', 'Lang', 'eng', '-o', 'vars.fd', '--force')
    expect(await valuesIn('vars.fd')).toEqual({ Lang: '656e6700' })
    expect(statSync(join(dir, 'vars.fd')).mode & 0o777).toBe(0o600)
    expect(readdirSync(dir)).toEqual(['vars.fd'])
  })

  it('says on one line what a Timeout needs to be honoured, and in JSON', async () => {
    const text = await good('set', 'vars.fd', 'Timeout', '5', '-o', 'a.fd')
    const { findings } = JSON.parse(await good('set', 'vars.fd', 'Timeout', '5', '-o', 'b.fd', '--json'))

    expect(text).toMatch(/^.*OVMF overwrites Timeout .* --boot-menu-wait 5 \(QEMU: -boot menu=on,splash-time=5000\)$/m)
    expect(findings).toEqual([
      { severity: 'note', text: expect.stringMatching(/for these 5 s to be honoured.*--boot-menu-wait 5 /) },
    ])
    expect(await good('set', 'vars.fd', 'Timeout', '0', '-o', 'c.fd')).not.toContain('boot-menu-wait')
  })

  it.each([
    ['name and value in one word', ['Timeout=3'], /Timeout=3 is no name.*two words.*set FILE Timeout 3 -o OUT/s],
    ['an equals sign behind the name', ['BootOrder=', '0001'], /two words.*set FILE BootOrder 0001 -o OUT/s],
    ['no value', ['Timeout'], /It takes whole seconds/],
    ['two values', ['Timeout', '5', '--hex', '05'], /more than one value/],
    ['a value that does not fit', ['Timeout', 'soon'], /whole seconds from 0 to 65534/],
    ['a slip in a name', ['Timout', '5'], /did you mean Timeout\?/],
    ['no name', ['', '5'], /name of the variable is empty/],
    ['attributes that are none', ['Timeout', '5', '--attributes', 'rw'], /nv,bs,rt/],
    ['a date that is none', ['PK', '--hex', '00', '--date', 'today'], /2026-01-31/],
    ['an option that is none', ['Timeout', '5', '--hexa', '05'], /hex/],
    ['a file that is not there', [OWN, '--file', 'nothing'], /nothing does not exist/],
    ['a certificate for a list', ['db', '--file', 'vars.fd'], /consists of signature lists.*firmware enroll/s],
  ])('refuses %s, and writes nothing', async (_, args, words) => {
    const { code, stdout, stderr } = await firmware('set', 'vars.fd', ...args, '-o', 'new.fd')

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(words)
    expect(existsSync(join(dir, 'new.fd'))).toBe(false)
  })

  it('does not replace the code file that it only compares', async () => {
    writeFileSync(join(dir, 'code.fd'), 'code')
    const refused = await firmware('set', 'vars.fd', 'Lang', 'eng', '--code', 'code.fd', '-o', './code.fd', '--force')

    expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/code\.fd is the file of --code/) })
    expect(bytes('code.fd').toString()).toBe('code')
  })

  it.each([
    ['no -o', [], /--output/],
    ['an empty -o', ['-o', ''], /empty/],
    ['an ending of another form', ['-o', 'new.qcow2'], /would be raw/],
    ['an ending of the JSON form', ['-o', 'new.json'], /firmware export/],
  ])('refuses %s', async (_, args, words) => {
    expect(await firmware('set', 'vars.fd', 'Lang', 'eng', ...args)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(words),
    })
  })

  it.each([
    ['a directory', (path: string) => execFileSync('mkdir', [path])],
    ['a link', (path: string) => symlinkSync('vars.fd', path)],
  ])('does not write over %s', async (_, make) => {
    make(join(dir, 'new.fd'))

    expect(await firmware('set', 'vars.fd', 'Lang', 'eng', '-o', 'new.fd', '--force')).toMatchObject({
      code: 9,
      stderr: expect.stringContaining('OUTPUT_UNWRITABLE'),
    })
    expect(bytes('vars.fd').equals(anEmptyStore())).toBe(true)
  })

  it('says with numbers that a store is too small, before it writes', async () => {
    writeFileSync(join(dir, 'large'), Buffer.alloc(57_200))
    const { code, stderr } = await firmware('set', 'vars.fd', OWN, '--file', 'large', '-o', 'new.fd')

    expect({ code, stderr }).toEqual({
      code: 4,
      stderr: expect.stringMatching(/need 57268 bytes, and the store has 57244/),
    })
    expect(existsSync(join(dir, 'new.fd'))).toBe(false)
  })

  it('compares the sizes of code and variables, before it writes', async () => {
    writeFileSync(join(dir, 'code.fd'), Buffer.alloc(3653632))
    const { code, stderr } = await firmware('set', 'vars.fd', 'Lang', 'eng', '-o', 'new.fd', '--code', 'code.fd')

    expect({ code, stderr }).toEqual({ code: 4, stderr: expect.stringMatching(/belongs to variables of 540672 bytes/) })
    expect(existsSync(join(dir, 'new.fd'))).toBe(false)
  })

  it('refuses a code file beside variables that no flash holds', async () => {
    writeFileSync(join(dir, 'vars.json'), '{"version":2,"variables":[]}')

    for (const args of [
      ['show', 'vars.json'],
      ['set', 'vars.json', 'Lang', 'eng', '-o', 'new.json'],
    ]) {
      const { code, stderr } = await firmware(...args, '--code', 'code.fd')
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/USAGE.*--code.*is JSON/s) })
    }
    expect(existsSync(join(dir, 'new.json'))).toBe(false)
  })

  it('does not touch a store that the firmware would not take', async () => {
    writeFileSync(join(dir, 'bad.fd'), anEmptyStore().fill(0, 0x5d, 0x5e))
    const { code, stderr } = await firmware('set', 'bad.fd', 'Lang', 'eng', '-o', 'new.fd')

    expect({ code, stderr }).toEqual({ code: 4, stderr: expect.stringMatching(/VARIABLE_STORE_DAMAGED.*state 0x0/s) })
  })

  it('answers with one object when asked to, also when it fails', async () => {
    const done = JSON.parse(await good('set', 'vars.fd', 'Lang', 'eng', '-o', 'new.fd', '--json'))
    const failed = await firmware('set', 'vars.fd', 'Lang', 'eng', '-o', 'new.fd', '--json')

    expect(done).toMatchObject({
      outcome: 'ok',
      added: [{ name: 'Lang', description: ['eng'] }],
      changed: [],
      removed: [],
      measurements: { mrtdChanges: false, rtmr0Changes: false, snpDigestChanges: false },
    })
    expect(failed.code).toBe(2)
    expect(JSON.parse(failed.stdout)).toMatchObject({ outcome: 'error', error: { code: 'OUTPUT_EXISTS' } })
  })
})

describe('firmware', () => {
  it('alone prints what it can do', async () => {
    expect((await firmware()).stderr).toMatch(/Usage: cvm-rewrite firmware.*show.*import/s)
  })
})

describe('firmware show', () => {
  it('tells the state of Secure Boot, the room, every variable, and that nothing is wrong', async () => {
    await good('set', 'vars.fd', 'PlatformLang', 'en', '-o', 'new.fd')
    const text = await good('show', 'new.fd')

    expect(text).toMatch(/^new\.fd: variables for a flash/)
    expect(text).toMatch(/Secure Boot is off: no platform key/)
    expect(text).toMatch(/1 variable; 92 of 57244 bytes are used, 57152 are free\./)
    expect(text).toMatch(/PlatformLang {2}8be4df61\S+ {2}NV,BS,RT, 3 bytes\n {4}en\n/)
    expect(text).toMatch(/lint: nothing found\n$/)
  })

  it('shows a store that the firmware would not take, says why, and exits with 4', async () => {
    writeFileSync(join(dir, 'bad.fd'), anEmptyStore().fill(0, 0x32, 0x33))

    expect(await firmware('show', 'bad.fd')).toMatchObject({
      code: 4,
      stdout: expect.stringMatching(/problem: the checksum of the header/),
      stderr: '',
    })
  })

  it('makes names from a file safe for a terminal', async () => {
    const name = `A\u001b[31mB\u202eC${OWN.slice(3)}`
    await good('set', 'vars.fd', name, '--hex', '00', '-o', 'new.fd')
    const text = await good('show', 'new.fd')

    expect(text).toMatch(/^ABC {2}0123/m)
  })

  it.each([
    ['a file that is not there', 'var.fd', 2, /did you mean "vars\.fd"/],
    ['a directory', '.', 4, /INPUT_NOT_A_FILE/],
    ['an empty file', 'empty', 4, /INPUT_EMPTY/],
    ['a file without a store', 'text', 4, /FIRMWARE_FILE_REFUSED\] ".*text": there is no variable store/],
    ['a list of variables that is none', 'list.json', 4, /variables\[0\] has no name/],
    ['a file that is too large', 'huge', 4, /too large for a firmware/],
  ])('refuses %s', async (_, name, code, words) => {
    writeFileSync(join(dir, 'empty'), '')
    writeFileSync(join(dir, 'text'), 'hello')
    writeFileSync(join(dir, 'list.json'), '{"version":2,"variables":[{}]}')
    execFileSync('truncate', ['-s', '65M', join(dir, 'huge')])

    expect(await firmware('show', name)).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(words) })
  })
})

describe('firmware delete', () => {
  it('removes variables, and says what is not there', async () => {
    await good('set', 'vars.fd', 'Lang', 'eng', '-o', 'a.fd')
    await good('set', 'a.fd', OWN, '--hex', '00', '-o', 'b.fd')
    const text = await good('delete', 'b.fd', OWN, 'Lang', '-o', 'c.fd')

    expect(text).toMatch(/- Lang.*- Own/s)
    expect(bytes('c.fd').equals(anEmptyStore())).toBe(true)
    expect(await firmware('delete', 'b.fd', 'lang', '-o', 'd.fd')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/no variable lang in the file.*did you mean Lang\?/s),
    })
  })
})

describe('firmware export and import', () => {
  it('name the one of two files that they refuse', async () => {
    writeFileSync(join(dir, 'list.txt'), 'hello')
    const refused = await firmware('import', 'vars.fd', 'list.txt', '-o', 'new.fd')

    expect(refused).toMatchObject({ code: 4, stderr: expect.stringMatching(/"list\.txt": the list of variables/) })
  })

  it('take - for no file name', async () => {
    expect(await firmware('export', 'vars.fd', '-o', '-')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/Leave -o out/),
    })
    expect(existsSync(join(dir, '-'))).toBe(false)
  })

  it('carry all variables from one file to another of another size', async () => {
    writeFileSync(join(dir, '4m.fd'), anEmptyStore('4M'))
    await good('set', 'vars.fd', 'PK', '--hex', 'c0ffee', '--date', '2026-01-31', '-o', 'a.fd')
    await good('set', 'a.fd', 'Lang', 'eng', '-o', 'b.fd')
    await good('export', 'b.fd', '-o', 'b.json')
    await good('import', '4m.fd', 'b.json', '-o', 'c.fd')

    expect((await shown('c.fd')).variables).toEqual((await shown('b.fd')).variables)
    expect((await shown('b.json')).variables).toEqual((await shown('b.fd')).variables)
    expect(await good('export', 'c.fd')).toBe(bytes('b.json').toString())
  })

  it('keep what else is there, unless the list is to be exact', async () => {
    await good('set', 'vars.fd', 'Lang', 'eng', '-o', 'a.fd')
    await good('set', 'vars.fd', 'PlatformLang', 'en', '-o', 'b.fd')
    await good('export', 'b.fd', '-o', 'b.json')
    await good('import', 'a.fd', 'b.json', '-o', 'both.fd')
    await good('import', 'a.fd', 'b.json', '--exact', '-o', 'exact.fd')

    expect(Object.keys(await valuesIn('both.fd'))).toEqual(['Lang', 'PlatformLang'])
    expect(bytes('exact.fd').equals(bytes('b.fd'))).toBe(true)
  })

  it('edit the JSON form itself, and keep members that they do not know', async () => {
    writeFileSync(join(dir, 'vars.json'), '{"version":2,"mine":1,"variables":[]}')
    const text = await good('set', 'vars.json', 'Lang', 'eng', '-o', 'new.json')

    expect(text).toMatch(/belongs to the host and is not measured as a whole/)
    expect(JSON.parse(bytes('new.json').toString())).toMatchObject({
      version: 2,
      mine: 1,
      variables: [{ name: 'Lang' }],
    })
  })

  it('refuse variables that no store can hold', async () => {
    const variable = { name: '', guid: OWN.slice(4), attr: 3, data: '00' }
    writeFileSync(join(dir, 'v.json'), JSON.stringify({ version: 2, variables: [variable] }))

    expect(await firmware('import', 'vars.fd', 'v.json', '-o', 'new.fd')).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/empty name/),
    })
  })
})

describe('a qcow2 variable file', () => {
  it('is read and written through qemu-img, and stays qcow2', async () => {
    execFileSync('qemu-img', ['convert', '-O', 'qcow2', join(dir, 'vars.fd'), join(dir, 'vars.qcow2')])
    const text = await good('set', 'vars.qcow2', 'Lang', 'eng', '-o', 'new.qcow2')
    await good('set', 'vars.fd', 'Lang', 'eng', '-o', 'new.fd')
    execFileSync('qemu-img', ['convert', '-O', 'raw', join(dir, 'new.qcow2'), join(dir, 'raw.fd')])

    expect(text).toMatch(/\+ Lang/)
    expect(await shown('new.qcow2')).toMatchObject({
      format: 'qcow2',
      kind: 'variables',
      variables: [{ name: 'Lang' }],
    })
    expect(bytes('raw.fd').equals(bytes('new.fd'))).toBe(true)
    expect(readdirSync(dir).sort()).toEqual(['new.fd', 'new.qcow2', 'raw.fd', 'vars.fd', 'vars.qcow2'])
  })

  it('is refused when it refers to another file', async () => {
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', 'vars.fd', join(dir, 'layer.qcow2')])

    expect(await firmware('show', 'layer.qcow2')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('IMAGE_HAS_BACKING_FILE'),
    })
  })
})
