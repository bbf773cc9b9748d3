import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import type { Tee } from '../model/launch.js'

/** The first installed OVMF in one file that such guests are started with; undefined when there is none. */
export async function findTeeFirmware(
  tee: Exclude<Tee, 'none'>,
  candidates = CANDIDATES[tee],
): Promise<string | undefined> {
  for (const path of candidates) {
    if (await isReadable(path)) return path
  }
  return undefined
}

export async function isReadable(path: string): Promise<boolean> {
  return await access(path, constants.R_OK).then(
    () => true,
    () => false,
  )
}

/**
 * What packages install, builds that are made for it first.
 *
 * Fedora and CentOS: edk2-ovmf; Ubuntu: ovmf (`OVMF.tdx.fd` of its TDX tree, `OVMF.amdsev.fd`); Debian: ovmf.
 */
const CANDIDATES: Readonly<Record<Exclude<Tee, 'none'>, readonly string[]>> = {
  tdx: [
    '/usr/share/edk2/ovmf/OVMF.inteltdx.fd',
    '/usr/share/ovmf/OVMF.inteltdx.fd',
    '/usr/share/ovmf/OVMF.tdx.fd',
    '/usr/share/ovmf/OVMF.fd',
  ],
  snp: ['/usr/share/edk2/ovmf/OVMF.amdsev.fd', '/usr/share/ovmf/OVMF.amdsev.fd', '/usr/share/ovmf/OVMF.fd'],
}
