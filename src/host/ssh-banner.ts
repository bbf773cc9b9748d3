import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

export interface SshBannerInput {
  /** On 127.0.0.1. */
  readonly port: number
  /** Between two tries. */
  readonly pauseMs: number
  /** Of one try: QEMU takes a connection before the guest does. */
  readonly tryMs: number
  readonly signal: AbortSignal
}

/**
 * Tries again and again until an SSH server says which one it is; undefined when `signal` is aborted before.
 *
 * What comes is not trusted: at most 1 KiB of each try is read, and only printable ASCII is a banner.
 */
export async function waitForSshBanner({ port, pauseMs, tryMs, signal }: SshBannerInput): Promise<string | undefined> {
  while (!signal.aborted) {
    const banner = sshBannerIn(await firstBytes(port, tryMs, signal))
    if (banner !== undefined) return banner
    await delay(pauseMs, undefined, { signal, ref: false }).catch(() => {})
  }
  return undefined
}

/**
 * The version line of an SSH server, such as SSH-2.0-OpenSSH_9.2p1; other lines may come before it.
 *
 * Source: RFC 4253, section 4.2: at most 255 characters with CR and LF, printable US-ASCII; a server that still knows
 * version 1 says 1.99.
 */
export function sshBannerIn(text: string): string | undefined {
  const lines = text.split('\n').slice(0, -1)
  const line = lines.map((each) => each.replace(/\r$/, '')).find((each) => /^SSH-(?:2\.0|1\.99)-/.test(each))
  return line !== undefined && line.length <= LONGEST_BANNER && /^[\x20-\x7e]+$/.test(line) ? line : undefined
}

function firstBytes(port: number, tryMs: number, signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect({ host: '127.0.0.1', port })
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      socket.destroy()
      resolve(text)
    }
    const timer = setTimeout(end, tryMs)
    signal.addEventListener('abort', end, { once: true })
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1', 0, MAX_BYTES)
      if (text.length >= MAX_BYTES || sshBannerIn(text) !== undefined) end()
    })
    socket.on('error', end)
    socket.on('close', end)
  })
}

const LONGEST_BANNER = 253
const MAX_BYTES = 1024
