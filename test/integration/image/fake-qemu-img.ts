import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A qemu-img first on PATH that writes down its calls and then does what `script` (POSIX shell) says. */
export interface FakeQemuImg extends AsyncDisposable {
  calls(): Promise<readonly string[]>
}

export async function fakeQemuImg(script: string): Promise<FakeQemuImg> {
  const dir = await mkdtemp(join(tmpdir(), 'fake-qemu-img-'))
  const log = join(dir, 'calls')
  const path = process.env['PATH'] ?? ''
  await writeFile(log, '')
  await writeFile(join(dir, 'qemu-img'), `#!/bin/sh\nprintf '%s\\n' "$*" >> '${log}'\n${script}\n`)
  await chmod(join(dir, 'qemu-img'), 0o755)
  process.env['PATH'] = `${dir}:${path}`
  return {
    calls: async () => (await readFile(log, 'utf8')).split('\n').filter((line) => line !== ''),
    [Symbol.asyncDispose]: async () => {
      process.env['PATH'] = path
      await rm(dir, { recursive: true })
    },
  }
}
