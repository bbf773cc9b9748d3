import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type MimePart, mimeBundle } from '../../../src/guest/mime.js'

const ORACLE = fileURLToPath(new URL('../../fixtures/guest/read-bundle.py', import.meta.url))

interface Described {
  readonly type: string
  readonly name: string
  readonly file: string
  readonly bytes: string
}

function readByOthers(parts: readonly MimePart[]): { email: readonly Described[]; cloudInit: readonly Described[] } {
  const input = mimeBundle(parts, '==cvm-rewrite-0badcafe==')
  return JSON.parse(execFileSync('/usr/bin/python3', [ORACLE], { input, maxBuffer: 2 ** 26 }).toString())
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

describe('mimeBundle', () => {
  it('is read by cloud-init with the same types, order, names and bytes', () => {
    const parts = [
      { name: 'boothook.sh', type: 'cloud-boothook', bytes: Buffer.from('#!/bin/sh\ntrue\n') },
      { name: 'user-data.basic', type: 'cloud-config', bytes: Buffer.from('#cloud-config\n{}\n') },
      {
        name: 'config-100-10-a-10.yaml',
        type: 'cloud-config',
        bytes: Buffer.from('#cloud-config\nruncmd: ["grün 世界"]\n'),
      },
      {
        name: '000-run-parts',
        type: 'x-shellscript',
        bytes: Buffer.from('#!/bin/sh\n--==cvm-rewrite-0badcafe==\nFrom x\n'),
      },
      {
        name: '100-10-a-guest_run.sh',
        type: 'x-shellscript',
        bytes: Buffer.from('#!/bin/sh\nno line break at the end'),
      },
      { name: '101-10-a-empty.sh', type: 'x-shellscript', bytes: Buffer.from('#!/bin/sh') },
    ]

    const { cloudInit } = readByOthers(parts)

    expect(cloudInit).toEqual(
      parts.map(({ name, type, bytes }) => ({ name, file: name, type: `text/${type}`, bytes: base64(bytes) })),
    )
  })

  it('gives any bytes back', () => {
    const contents = fc.sample(fc.uint8Array({ maxLength: 400, size: 'max' }), { numRuns: 60, seed: 7 })
    const parts = contents.map((bytes, index) => ({ name: `${100 + index}-a`, type: 'x-shellscript', bytes }))

    const { email } = readByOthers(parts)

    expect(email.map((part) => part.bytes)).toEqual(contents.map(base64))
  })
})
