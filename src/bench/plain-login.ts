import { copyFile, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runTool, runToolOrFail } from '../host/run-tool.js'
import { chooseFirmware } from '../launch/firmware-choice.js'
import { EMULATED_QEMU_CPU } from '../model/emulated-cpu.js'
import type { Accelerator } from '../model/image.js'

/** Seconds until the login prompt of a UEFI guest on a layer, with QEMU alone and the CPU, memory and devices of a boot test. */
export async function plainLoginS(image: string, dir: string, accel: Accelerator): Promise<number> {
  const { uefi } = await chooseFirmware()
  const layer = join(dir, 'plain.qcow2')
  const vars = join(dir, 'plain-vars.fd')
  const console = join(dir, 'plain-console.log')
  await rm(console, { force: true })
  const startedAt = performance.now()
  const info = await runToolOrFail({ tool: 'qemu-img', args: ['info', '--output=json', image] })
  const { format } = JSON.parse(info.stdout) as { readonly format: string }
  await runToolOrFail({ tool: 'qemu-img', args: ['create', '-q', '-f', 'qcow2', '-F', format, '-b', image, layer] })
  await copyFile(uefi.vars, vars)
  const stop = new AbortController()
  const running = runTool(
    {
      tool: 'qemu-system-x86_64',
      args: [
        ['-machine', 'q35', '-accel', accel, '-cpu', accel === 'kvm' ? 'host' : EMULATED_QEMU_CPU],
        ['-smp', '2', '-m', '2048', '-nodefaults', '-display', 'none', '-serial', `file:${console}`],
        ['-drive', `if=pflash,format=raw,unit=0,readonly=on,file=${uefi.code}`],
        ['-drive', `if=pflash,format=raw,unit=1,file=${vars}`],
        ['-drive', `file=${layer},format=qcow2,if=virtio,discard=unmap,cache=unsafe`],
        ['-netdev', 'user,id=net', '-device', 'virtio-net-pci,netdev=net'],
        ['-object', 'rng-random,id=rng,filename=/dev/urandom', '-device', 'virtio-rng-pci,rng=rng'],
      ].flat(),
    },
    { signal: stop.signal, timeoutMs: LIMIT_MS },
  )
  let ended = false
  running.then(
    () => {
      ended = true
    },
    () => {
      ended = true
    },
  )
  while (!ended && !/^\S+ login: $/m.test(await readFile(console, 'latin1').catch(() => ''))) await sleep(LOOK_MS)
  const seconds = (performance.now() - startedAt) / 1000
  if (ended) throw new Error('the plain guest ended before its login prompt')
  stop.abort(new Error('measured'))
  await running.catch(() => {})
  return seconds
}

const LIMIT_MS = 30 * 60_000
const LOOK_MS = 50
