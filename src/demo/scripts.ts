import { fileURLToPath } from 'node:url'

/** Shell files of this folder; they are shipped as they are, beside the compiled code. */
export const DEMO_SCRIPTS = ['before-packages.sh', 'after-packages.sh', 'grub-probe.sh'] as const

/** Absolute path of a shell file: from dist/demo and from src/demo alike it is ../../src/demo. */
export function scriptPath(name: (typeof DEMO_SCRIPTS)[number]): string {
  return fileURLToPath(new URL(`../../src/demo/${name}`, import.meta.url))
}
