import { basename, dirname, join } from 'node:path'

/** What lies beside an image: `output.qcow2` has `output` and an ending. */
export function besideImage(image: string, ending: string): string {
  return join(dirname(image), `${basename(image).replace(/\.qcow2$/, '')}${ending}`)
}

/** How the image is to be started: output.launch.json beside output.qcow2. */
export function launchFileOf(image: string): string {
  return besideImage(image, '.launch.json')
}
