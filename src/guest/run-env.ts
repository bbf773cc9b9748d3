import type { ListingWish } from '../model/guest-listing.js'

/** What the guest-side scripts get to know of the run: a file that sh reads (cloud-init/guest/report.sh). */
export interface RunEnvironment {
  readonly nonce: string
  readonly payloadBytes: number
  readonly payloadHasUnits: boolean
  readonly diskGrown: boolean
  readonly emulated: boolean
  /** That the guest lists what is in it at the end, and how much; absent: it does not. */
  readonly listing?: ListingWish
  /** Exported to the plugins' scripts. */
  readonly variables: Readonly<Record<string, string>>
}

/** run.env as text: assignments with every value in single quotes, in which sh knows no special character but the quote itself. */
export function runEnvText(run: RunEnvironment): string {
  const own: Readonly<Record<string, string>> = {
    CVM_NONCE: run.nonce,
    CVM_PAYLOAD_BYTES: String(run.payloadBytes),
    CVM_PAYLOAD_HAS_UNITS: run.payloadHasUnits ? '1' : '0',
    CVM_DISK_GROWN: run.diskGrown ? '1' : '0',
    CVM_EMULATED: run.emulated ? '1' : '0',
    CVM_LISTING: run.listing ?? '',
  }
  const plugins = Object.entries(run.variables).filter(([name]) => !(name in own) && VARIABLE_NAME.test(name))
  const lines = [
    ...Object.entries(own).map(([name, value]) => `${name}=${quoted(value)}`),
    ...plugins.map(([name, value]) => `export ${name}=${quoted(value)}`),
  ]
  return `${lines.join('\n')}\n`
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`
}

const VARIABLE_NAME = /^[A-Z][A-Z0-9_]*$/
