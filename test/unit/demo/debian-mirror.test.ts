import { describe, expect, it } from 'vitest'
import { DEFAULT_MIRROR, mirrorFrom, sourceLines } from '../../../src/demo/debian-mirror.js'

describe('mirrorFrom', () => {
  it('finds the mirror in the one-line form, with options and without', () => {
    const text = [
      '# deb http://old.example/debian bookworm main',
      'deb-src http://source.example/debian bookworm main',
      'deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian/ bookworm main contrib',
      'deb http://mirror.example/debian-security bookworm-security main',
    ].join('\n')

    expect(mirrorFrom([text])).toEqual({
      archive: 'http://mirror.example/debian',
      security: 'http://mirror.example/debian-security',
    })
  })

  it('finds the mirror in the form with fields', () => {
    const text = [
      'Types: deb',
      '# a comment with URIs: http://wrong.example/debian',
      'URIs: http://mirror.example/debian',
      'Suites: bookworm',
      'Components: main',
      '',
      'Types: deb',
      'URIs: http://mirror.example/debian-security',
    ].join('\n')

    expect(mirrorFrom([text]).archive).toBe('http://mirror.example/debian')
    expect(mirrorFrom([text]).security).toBe('http://mirror.example/debian-security')
  })

  it.each([
    ['other archives', 'deb http://apt.example/postgres bookworm main'],
    ['addresses that need certificates', 'deb https://mirror.example/debian bookworm main'],
    ['local directories', 'deb file:/srv/debian bookworm main'],
    ['sources only', 'Types: deb-src\nURIs: http://mirror.example/debian\n'],
    ['stanzas that are switched off', 'Enabled: no\nTypes: deb\nURIs: http://mirror.example/debian\n'],
    ['nothing', ''],
  ])("falls back to Debian's own address for %s", (_what, text) => {
    expect(mirrorFrom([text])).toEqual(DEFAULT_MIRROR)
  })
})

describe('sourceLines', () => {
  it('checks every source against the archive keyring and trusts none', () => {
    const lines = sourceLines('trixie', DEFAULT_MIRROR)

    expect(lines).toHaveLength(3)
    for (const line of lines) {
      expect(line).toMatch(/^deb \[signed-by=\/usr\/share\/keyrings\/debian-archive-keyring\.gpg\] http/)
      expect(line).not.toContain('trusted')
    }
  })

  it('asks for the release, its updates and its security fixes', () => {
    expect(sourceLines('bookworm', DEFAULT_MIRROR).map((line) => line.split(' ').at(-2))).toEqual([
      'bookworm',
      'bookworm-updates',
      'bookworm-security',
    ])
  })
})
