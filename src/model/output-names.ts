import { basename, dirname, join } from 'node:path'

/** What lies beside an image: `output.qcow2` has `output` and an ending. */
export function besideImage(image: string, ending: string): string {
  return join(dirname(image), `${basename(image).replace(/\.qcow2$/, '')}${ending}`)
}

/** How the image is to be started: output.launch.json beside output.qcow2. */
export function launchFileOf(image: string): string {
  return besideImage(image, '.launch.json')
}

/** The variables that its firmware starts with, for a firmware of two files. */
export function firmwareVarsOf(image: string): string {
  return besideImage(image, '.OVMF_VARS.fd')
}

/** Its firmware, code and variables in one file. */
export function firmwareImageOf(image: string): string {
  return besideImage(image, '.OVMF.fd')
}

/** What a rewrite may put beside an image, and what people call it. Those of an earlier image never stay beside a new one. */
export function companionsOf(image: string): readonly { readonly path: string; readonly what: string }[] {
  return [
    { path: launchFileOf(image), what: 'launch file' },
    { path: firmwareVarsOf(image), what: 'variable file' },
    { path: firmwareImageOf(image), what: 'firmware' },
  ]
}
