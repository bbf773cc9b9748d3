import { describe, expect, it } from 'vitest'
import type { ToolResult } from '../../../src/model/host.js'
import {
  checkCall,
  convertCall,
  createOverlayCall,
  firstSectorsCall,
  infoCall,
  lastWords,
  readCheck,
  readVirtualSize,
  saysLocked,
  saysNoSpace,
} from '../../../src/tools/qemu-img.js'

function aResult(stderr: string): ToolResult {
  return { exitCode: 1, signal: undefined, stdout: '', stderr, seconds: 0 }
}

describe('calls of qemu-img', () => {
  it('always give the format', () => {
    expect(infoCall('/a b', 'raw').args).toEqual(['info', '-f', 'raw', '--output=json', '/a b'])
    expect(checkCall('/a').args).toEqual(['check', '-f', 'qcow2', '--output=json', '/a'])
    expect(createOverlayCall('/w/work.qcow2', 'input.img', 'raw').args).toEqual([
      'create',
      '-q',
      '-f',
      'qcow2',
      '-o',
      'cluster_size=4k',
      '-F',
      'raw',
      '-b',
      'input.img',
      '/w/work.qcow2',
    ])
    expect(convertCall('/a', 'qcow2', '/b', []).args).toEqual(['convert', '-f', 'qcow2', '-O', 'qcow2', '/a', '/b'])
    expect(firstSectorsCall('/a', 'qcow2', 34, '/b').args).toEqual([
      'dd',
      '-f',
      'qcow2',
      '-O',
      'raw',
      'bs=512',
      'count=34',
      'if=/a',
      'of=/b',
    ])
  })

  it('refuse a relative path, which could be read as a protocol or an option', () => {
    expect(() => infoCall('nbd:host:1', 'raw')).toThrow('absolute path')
    expect(() => checkCall('-U')).toThrow('absolute path')
  })
})

describe('what qemu-img prints', () => {
  it('is read from JSON', () => {
    expect(readCheck('{"corruptions": 3, "check-errors": 0, "filename": "x"}')).toEqual({
      corruptions: 3,
      leaks: 0,
      checkErrors: 0,
    })
    expect(readVirtualSize('{"virtual-size": 1048576}')).toBe(1048576)
  })

  it('may be anything else', () => {
    expect(readCheck('qemu-img: oops')).toBeUndefined()
    expect(readCheck('null')).toBeUndefined()
    expect(readVirtualSize('{"virtual-size": "big"}')).toBeUndefined()
  })

  it('tells a lock and a full disk from other failures', () => {
    const locked = aResult(
      'qemu-img: Could not open \'/a\': Failed to get shared "write" lock\nIs another process using the image [/a]?\n',
    )
    const full = aResult('qemu-img: error while writing at byte 1048576: No space left on device\n')

    expect([saysLocked(locked), saysNoSpace(locked)]).toEqual([true, false])
    expect([saysLocked(full), saysNoSpace(full)]).toEqual([false, true])
    expect(lastWords(full)).toBe('error while writing at byte 1048576: No space left on device')
  })
})
