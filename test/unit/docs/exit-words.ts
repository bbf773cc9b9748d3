import type { ExitClass } from '../../../src/model/exit.js'

/** What each exit code means, for the documents; a new class without words does not compile. */
export const EXIT_WORDS: Readonly<Record<ExitClass, string>> = {
  ok: 'done; the output is there',
  bug: 'a bug of this program',
  usage: 'the command line is wrong, or input and output do not go together',
  host: 'this machine is not ready',
  image: 'the input image is refused',
  plugin: 'a plugin or its user-data is invalid',
  preStage: 'a script of the pre-stage failed',
  guest: 'the guest failed, or did not come up',
  check: 'the finished image failed a check',
  io: 'disk full, or no permission to read or write',
  busy: 'somebody else is at it; try again later',
  timeout: 'not done in time',
}
