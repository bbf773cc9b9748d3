#!/usr/bin/env node
/** Stands in for virt-install: a guest that prints 1 GB on its console and stops. */
import { once } from 'node:events'
import { createConnection } from 'node:net'

const BYTES = 1_000_000_000
const LINE = `${'[   12.345678] the same line again and again '.padEnd(127, '.')}\n`

if (process.argv.includes('--version')) {
  process.stdout.write('4.1.0\n')
} else {
  const ports = process.argv.filter((arg) => arg.startsWith('unix,')).map((arg) => /path=([^,]+)/.exec(arg)?.[1] ?? '')
  const [consolePort, reportPort] = ports.map((path) => createConnection(path))
  if (consolePort === undefined || reportPort === undefined) throw new Error('no serial ports')
  const chunk = Buffer.from(LINE.repeat(512))
  for (let sent = 0; sent < BYTES; sent += chunk.length) {
    if (!consolePort.write(chunk)) await once(consolePort, 'drain')
  }
  consolePort.end()
  reportPort.end()
}
