import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ProbeFile, probeArchive } from '../../guest/probe-archive.js'
import { type QuestionsTextInput, questionsText } from '../../guest/probe-questions.js'
import type { BootLayer } from '../boot-hooks.js'
import { runGuestfish } from '../inside-image.js'
import { PACKAGE_DIR } from '../sources.js'

/**
 * Puts the probe and its questions into the throw-away layer of a guest's disk, where its systemd will start it; the image itself
 * stays as it is. The root file system is found as libguestfs finds it: partitions, LVM, btrfs subvolumes, by fstab.
 *
 * @throws CvmError TOOL_MISSING (guestfish), TOOL_FAILED (no operating system found, a file system that cannot be written).
 */
export async function installProbe(layer: BootLayer, questions: QuestionsTextInput): Promise<void> {
  layer.say({ type: 'step', text: 'putting the program that looks for what is expected into the throw-away layer' })
  const archive = join(layer.place.scratchDir, 'probe.tar')
  const files = await probeFiles(questionsText(questions))
  await writeFile(archive, probeArchive(PROBE_DIRECTORIES, files), { mode: 0o600 })
  await runGuestfish(
    {
      disk: { path: layer.path, format: 'qcow2' },
      readOnly: false,
      inspect: true,
      accel: layer.accel,
      scratchDir: layer.place.scratchDir,
      commands: [['tar-in', archive, '/', 'xattrs:true']],
    },
    { janitor: layer.place.janitor, signal: layer.signal },
  )
  await rm(archive)
}

/** All below /etc: that is writable and read early in every kind of guest. */
async function probeFiles(questions: string): Promise<readonly ProbeFile[]> {
  return [
    { path: 'etc/cvm-probe/probe.sh', bytes: await shipped('probe.sh'), mode: 0o700, selinuxType: 'etc_t' },
    { path: 'etc/cvm-probe/questions', bytes: Buffer.from(questions), mode: 0o600, selinuxType: 'etc_t' },
    {
      path: 'etc/systemd/system/cvm-probe.service',
      bytes: await shipped('cvm-probe.service'),
      mode: 0o644,
      selinuxType: 'systemd_unit_file_t',
    },
    {
      path: 'etc/systemd/system/multi-user.target.d/50-cvm-probe.conf',
      bytes: await shipped('50-cvm-probe.conf'),
      mode: 0o644,
      selinuxType: 'systemd_unit_file_t',
    },
  ]
}

async function shipped(name: string): Promise<Buffer> {
  return readFile(join(PACKAGE_DIR, 'src', 'guest', 'probe', name))
}

const PROBE_DIRECTORIES = ['etc/cvm-probe', 'etc/systemd/system/multi-user.target.d']
