import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface DebianMirror {
  readonly archive: string
  readonly security: string
}

export const DEFAULT_MIRROR: DebianMirror = {
  archive: 'http://deb.debian.org/debian',
  security: 'http://deb.debian.org/debian-security',
}

/** The mirror that apt of this host uses when the host is Debian, else Debian's own address. */
export async function hostMirror(etc = '/etc'): Promise<DebianMirror> {
  const osRelease = await readFile(join(etc, 'os-release'), 'utf8').catch(() => '')
  if (!/^ID="?debian"?$/m.test(osRelease)) return DEFAULT_MIRROR
  return mirrorFrom(await aptSources(join(etc, 'apt')))
}

/**
 * Finds the mirrors in the texts of apt's source files, in the old one-line form and in the new one with fields.
 *
 * Only http is taken: the first packages are installed in a guest that has no CA certificates yet, and what is fetched is
 * checked against the archive's signature in any case.
 */
export function mirrorFrom(texts: readonly string[]): DebianMirror {
  const uris = texts.flatMap((text) => [...oneLineUris(text), ...fieldUris(text)]).map((uri) => uri.replace(/\/+$/, ''))
  return {
    archive: uris.find((uri) => /^http:\/\/[^\s\]]+\/debian$/.test(uri)) ?? DEFAULT_MIRROR.archive,
    security: uris.find((uri) => /^http:\/\/[^\s\]]+\/debian-security$/.test(uri)) ?? DEFAULT_MIRROR.security,
  }
}

/** The lines of a sources.list for `suite`; signatures are checked against Debian's archive keys, nothing is trusted unsigned. */
export function sourceLines(suite: string, mirror: DebianMirror): readonly string[] {
  return [
    `deb [signed-by=${ARCHIVE_KEYRING}] ${mirror.archive} ${suite} main`,
    `deb [signed-by=${ARCHIVE_KEYRING}] ${mirror.archive} ${suite}-updates main`,
    `deb [signed-by=${ARCHIVE_KEYRING}] ${mirror.security} ${suite}-security main`,
  ]
}

function oneLineUris(text: string): string[] {
  return [...text.matchAll(/^\s*deb\s+(?:\[[^\]\n]*\]\s+)?(\S+)\s+\S+\s+[^\n]*\bmain\b/gm)].map(
    (match) => match[1] ?? '',
  )
}

function fieldUris(text: string): string[] {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'))
  return lines
    .join('\n')
    .split(/\n[ \t]*\n/)
    .filter((stanza) => /^Types:.*\bdeb(\s|$)/im.test(stanza) && !/^Enabled:\s*no\b/im.test(stanza))
    .flatMap((stanza) => /^URIs:\s*(.*)$/im.exec(stanza)?.[1]?.split(/\s+/) ?? [])
}

async function aptSources(aptDir: string): Promise<readonly string[]> {
  const partsDir = join(aptDir, 'sources.list.d')
  const parts = await readdir(partsDir).catch(() => [])
  const paths = [
    join(aptDir, 'sources.list'),
    ...parts
      .filter((name) => /\.(list|sources)$/.test(name))
      .sort()
      .map((name) => join(partsDir, name)),
  ]
  return Promise.all(paths.map((path) => readFile(path, 'utf8').catch(() => '')))
}

export const ARCHIVE_KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
