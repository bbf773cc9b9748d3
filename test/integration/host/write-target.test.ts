import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { closeSync, constants, openSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeScratch, type Scratch } from '../../../src/host/scratch.js'
import { writeResult } from '../../../src/host/write-result.js'
import { openTarget, writeAll, writeTarget } from '../../../src/host/write-target.js'

const DIST = fileURLToPath(new URL('../../../dist/host/', import.meta.url))
let scratch: Scratch

beforeAll(async () => {
  scratch = await makeScratch(tmpdir(), 'write-target', 0o700)
})
afterAll(async () => {
  await scratch[Symbol.asyncDispose]()
})

function at(name: string): string {
  return join(scratch.path, name)
}

describe('writeResult', () => {
  it('writes to the file behind a link, which stays one', async () => {
    symlinkSync('behind', at('link'))

    await writeResult(await writeTarget(at('link')), 'once')
    await writeResult(await writeTarget(at('link')), 'twice')

    expect(readFileSync(at('behind'), 'utf8')).toBe('twice')
    expect(await writeTarget(at('link'))).toEqual({ kind: 'file', path: at('behind') })
  })

  it('writes into a pipe, and never puts a file in its place', async () => {
    execFileSync('mkfifo', [at('pipe')])
    const reader = spawn('cat', [at('pipe')], { stdio: ['ignore', 'pipe', 'inherit'] })
    let read = ''
    reader.stdout.on('data', (chunk) => {
      read += chunk
    })

    await expect
      .poll(async () => await writeResult(await writeTarget(at('pipe')), 'report').then(() => 'written', String))
      .toBe('written')

    await expect.poll(() => read).toBe('report')
    expect((await writeTarget(at('pipe'))).kind).toBe('stream')
  })

  it('says that nobody reads from a pipe, instead of waiting', async () => {
    execFileSync('mkfifo', [at('lonely')])

    await expect(writeResult(await writeTarget(at('lonely')), 'report')).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
      why: `nobody reads from ${at('lonely')}`,
    })
  })

  it('says that a device takes nothing more', async () => {
    await expect(writeResult(await writeTarget('/dev/full'), 'report')).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
      why: expect.stringContaining('ENOSPC'),
    })
  })

  it('goes on behind what is on our own stdout already, when that is a file', () => {
    const script = `
      import { writeResult } from '${DIST}write-result.js'
      import { writeTarget } from '${DIST}write-target.js'
      process.stdout.write('before ')
      await writeResult(await writeTarget('/dev/stdout'), 'report')
      process.stdout.write(' after')`
    const out = openSync(at('out'), 'w')
    const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', out, 2] })
    closeSync(out)

    expect({ status, text: readFileSync(at('out'), 'utf8') }).toEqual({ status: 0, text: 'before report after' })
  })
})

describe('writeAll', () => {
  it('gives a reader that does not read two seconds', async () => {
    execFileSync('mkfifo', [at('slow')])
    const idle = openSync(at('slow'), constants.O_RDONLY | constants.O_NONBLOCK)
    const { fd } = openTarget(await writeTarget(at('slow')))

    expect(() => writeAll(fd, Buffer.alloc(1 << 20))).toThrow('its reader does not keep up')

    closeSync(fd)
    closeSync(idle)
  })

  it('writes all of it to a file', async () => {
    writeFileSync(at('old'), 'longer than the new one')
    const { fd } = openTarget(await writeTarget(at('old')))
    writeAll(fd, Buffer.from('new'))
    closeSync(fd)

    expect(readFileSync(at('old'), 'utf8')).toBe('new')
  })
})
