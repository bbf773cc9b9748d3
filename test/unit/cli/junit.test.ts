import { describe, expect, it } from 'vitest'
import { junitXml } from '../../../src/cli/junit.js'

describe('junitXml', () => {
  it('has a case for everything that was looked at, and counts what failed', () => {
    const xml = junitXml(
      'output.qcow2',
      [
        { name: 'comes up', seconds: 41.2 },
        {
          name: 'unit ssh.service',
          seconds: 0,
          failure: { message: 'is failed', text: 'expected: active\nseen: failed' },
        },
      ],
      ['kernel after 9.1 s'],
    )

    expect(xml).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="2" failures="1" errors="0" skipped="0" time="41.2">
  <testsuite name="output.qcow2" tests="2" failures="1" errors="0" skipped="0" time="41.2">
    <testcase classname="output.qcow2" name="comes up" time="41.2"/>
    <testcase classname="output.qcow2" name="unit ssh.service" time="0.0">
      <failure message="is failed">expected: active
seen: failed</failure>
    </testcase>
    <system-out>kernel after 9.1 s</system-out>
  </testsuite>
</testsuites>
`)
  })

  it('makes no markup of what a guest or a file name says, and nothing that XML forbids', () => {
    const hostile = `a"b'<c>&\u0000\u001b[31m\ufffe]]>`

    const xml = junitXml(
      hostile,
      [{ name: hostile, seconds: 1, failure: { message: hostile, text: hostile } }],
      [hostile],
    )

    expect(xml).toContain(`name="a&quot;b'&lt;c&gt;&amp;\ufffd]]&gt;"`)
    expect(xml.match(/<\/?[a-z-]+/g)?.length).toBe(10)
    expect(xml).not.toMatch(/[\u0000\u001b\ufffe]/)
  })
})
