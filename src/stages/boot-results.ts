import { join } from 'node:path'
import type { ConsolePort } from '../guest/console-choice.js'
import { writeTarget } from '../host/write-target.js'
import { PATH_KEYS } from '../model/launch-keys.js'
import { launchFileOf } from '../model/output-names.js'
import type { BootTestRequest } from './boot-request.js'
import { splitShortForm } from './expect/short-form.js'
import { assertResultPlaces, type KeptFile, type ResultFile } from './result-place.js'
import { TPM_LOG_FILES } from './save-tpm-log.js'

/** The paths of a request; `launch` may still be unread. */
export type BootPaths = Pick<
  BootTestRequest,
  'image' | 'launchFile' | 'expectations' | 'consoleFile' | 'saveLogDir' | 'junitFile' | 'humanMonitor'
> & { readonly launch?: BootTestRequest['launch'] }

/**
 * No file that the test writes is one that it reads, nor another one that it writes; all of them can be written.
 *
 * @throws {CvmError} USAGE, OUTPUT_UNWRITABLE.
 */
export async function assertBootResultPlaces(paths: BootPaths): Promise<void> {
  await assertResultPlaces(await resultFilesOf(paths), keptFilesOf(paths))
}

/** `--console FILE`: the serial port's bytes go to FILE, those of the virtio console beside it. */
export function consolePaths(file: string): Readonly<Record<ConsolePort, string>> {
  return { ttyS0: file, hvc0: `${file}.hvc0` }
}

/** `--save-log DIR`: the same two in there. */
export function consolePathsIn(dir: string): Readonly<Record<ConsolePort, string>> {
  return { ttyS0: join(dir, 'console.log'), hvc0: join(dir, 'console-hvc0.log') }
}

async function resultFilesOf({ consoleFile, saveLogDir, junitFile }: BootPaths): Promise<readonly ResultFile[]> {
  const results: ResultFile[] = []
  if (consoleFile !== undefined) {
    const { ttyS0, hvc0 } = consolePaths(consoleFile)
    results.push({ flag: '--console', path: ttyS0 })
    // A terminal or a pipe takes both.
    if ((await writeTarget(ttyS0)).kind === 'file') results.push({ flag: '--console', path: hvc0 })
  }
  if (junitFile !== undefined) results.push({ flag: '--junit', path: junitFile })
  if (saveLogDir !== undefined) {
    const names = [...Object.values(consolePathsIn(saveLogDir)), ...TPM_LOG_FILES.map((name) => join(saveLogDir, name))]
    results.push(...names.map((path) => ({ flag: '--save-log', path, makesDirectory: true }) as const))
  }
  return results
}

function keptFilesOf({ image, launchFile, expectations, humanMonitor, launch }: BootPaths): readonly KeptFile[] {
  const { wishes = {} } = launch ?? {}
  return [
    { what: 'the image', path: image },
    ...(launchFile === undefined ? [] : [{ what: 'the launch file', path: launchFile }]),
    // Also where there is none: the next start of this image would take what lies there for one.
    { what: 'the launch file of the image', path: launchFileOf(image) },
    ...expectations
      .filter((word) => splitShortForm(word) === undefined)
      .map((path) => ({ what: 'the file of --expect', path })),
    ...PATH_KEYS.flatMap((key) => {
      const path = wishes[key]
      return path === undefined ? [] : [{ what: WORDS[key], path }]
    }),
    ...(wishes.disks ?? []).map(({ path }) => ({ what: 'a disk of the guest', path })),
    ...(humanMonitor === undefined ? [] : [{ what: 'the socket of -p', path: humanMonitor }]),
  ]
}

const WORDS: Readonly<Record<(typeof PATH_KEYS)[number], string>> = {
  firmwareCode: "the firmware's code",
  firmwareVars: "the firmware's variables",
  firmwareImage: 'the firmware',
  kernel: 'the kernel',
  initrd: 'the initrd',
}
