import { execFile } from 'node:child_process'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CvmError } from '../../../src/model/errors.js'
import { aGptDisk, ESP, LINUX } from '../../unit/image/a-disk.js'

const run = promisify(execFile)

/** A directory for one test; the real qemu-img and qemu-io work in it. */
export interface Images extends AsyncDisposable {
  readonly dir: string
  at(name: string): string
  qemuImg(...args: readonly string[]): Promise<string>
  qemuIo(path: string, ...commands: readonly string[]): Promise<string>
  /** A raw GPT disk of 64 MiB with an EFI system partition. */
  rawDisk(name: string): Promise<string>
  /** The same as qcow2, with 4 MiB of data. */
  qcow2Disk(name: string): Promise<string>
}

export async function someImages(): Promise<Images> {
  const dir = await mkdtemp(join(tmpdir(), 'images-'))
  const at = (name: string) => join(dir, name)
  const qemuImg = async (...args: readonly string[]) => (await run('qemu-img', [...args])).stdout
  const qemuIo = async (path: string, ...commands: readonly string[]) =>
    (await run('qemu-io', ['-f', 'qcow2', ...commands.flatMap((command) => ['-c', command]), path])).stdout
  const rawDisk = async (name: string) => {
    const parts = [
      { type: ESP, first: 2048, last: 10239 },
      { type: LINUX, first: 10240, last: 131038 },
    ]
    await writeFile(at(name), aGptDisk(parts))
    await truncate(at(name), 64 * 2 ** 20)
    return at(name)
  }
  const qcow2Disk = async (name: string) => {
    const raw = await rawDisk('for-conversion.raw')
    await qemuImg('convert', '-f', 'raw', '-O', 'qcow2', raw, at(name))
    await rm(raw)
    await qemuIo(at(name), 'write -P 0x5a 8M 4M')
    return at(name)
  }
  return {
    dir,
    at,
    qemuImg,
    qemuIo,
    rawDisk,
    qcow2Disk,
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  }
}

/** The CvmError that a promise ends with; anything else fails the test. */
export async function errorOf(promise: Promise<unknown>): Promise<CvmError> {
  const outcome = await promise.then(
    (value) => new Error(`no error, but ${JSON.stringify(value)}`),
    (error: unknown) => error,
  )
  if (outcome instanceof CvmError) return outcome
  throw outcome
}
