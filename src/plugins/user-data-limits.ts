import type { Problem } from '../model/plugin.js'
import { compareNames } from './file-names.js'

export interface SizedPart {
  readonly plugin: string
  /** Of its content, before it is encoded for the MIME bundle. */
  readonly sizeBytes: number
}

/** Checks all parts together against what cloud-init takes; the message says which plugin has how much. */
export function checkUserDataLimits(parts: readonly SizedPart[]): readonly Problem[] {
  const problems: Problem[] = []
  if (parts.length > PARTS_LIMIT) {
    problems.push(tooLarge(`${parts.length} parts, ${PARTS_LIMIT} are allowed (${perPlugin(parts, () => 1, '')})`))
  }
  const totalBytes = sum(parts, encodedBytes)
  if (totalBytes > TOTAL_LIMIT_BYTES) {
    problems.push(
      tooLarge(`${totalBytes} bytes when encoded, 16 MiB are allowed (${perPlugin(parts, encodedBytes, ' bytes')})`),
    )
  }
  return problems
}

/** Size in the bundle: base64 in lines of 76 characters, and a few headers. */
export function encodedBytes(part: SizedPart): number {
  const base64Bytes = Math.ceil(part.sizeBytes / 3) * 4
  return base64Bytes + Math.ceil(base64Bytes / 76) + HEADERS_BYTES
}

function perPlugin(parts: readonly SizedPart[], measure: (part: SizedPart) => number, unit: string): string {
  const sums = new Map<string, number>()
  for (const part of parts) sums.set(part.plugin, (sums.get(part.plugin) ?? 0) + measure(part))
  const largestFirst = [...sums].sort((a, b) => b[1] - a[1] || compareNames(a[0], b[0]))
  return largestFirst.map(([plugin, amount]) => `${plugin}: ${amount}${unit}`).join(', ')
}

function sum(parts: readonly SizedPart[], measure: (part: SizedPart) => number): number {
  let total = 0
  for (const part of parts) total += measure(part)
  return total
}

function tooLarge(what: string): Problem {
  return { code: 'USER_DATA_TOO_LARGE', where: 'user-data of all plugins', what }
}

const PARTS_LIMIT = 1000
const TOTAL_LIMIT_BYTES = 16 * 1024 * 1024
const HEADERS_BYTES = 200
