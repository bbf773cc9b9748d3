import { spawn } from 'node:child_process'

/** When a machine said things on its terminal, in seconds since its script was started. */
export interface Started {
  readonly firstByteSeconds: number
  readonly wordsSeconds: number
}

/** Runs a start script of `cvm-rewrite launch` until the machine says `words`, and ends it. */
export async function startUntil(script: string, words: string, cwd: string): Promise<Started> {
  const startedAt = performance.now()
  const sinceStart = () => (performance.now() - startedAt) / 1000
  const child = spawn('sh', [script], { cwd, stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const limit = setTimeout(() => child.kill('SIGTERM'), LIMIT_MS)
  let said = ''
  let firstByteSeconds: number | undefined
  let wordsSeconds: number | undefined
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    firstByteSeconds ??= sinceStart()
    said += text
    if (wordsSeconds !== undefined || !said.includes(words)) return
    wordsSeconds = sinceStart()
    child.kill('SIGTERM')
  })
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text
  })
  await ended
  clearTimeout(limit)
  if (firstByteSeconds === undefined || wordsSeconds === undefined)
    throw new Error(`the machine did not say ${words} within ${LIMIT_MS / 1000} s: ${complaints}${said}`)
  return { firstByteSeconds, wordsSeconds }
}

const LIMIT_MS = 120_000
