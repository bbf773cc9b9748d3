/**
 * The pattern of a path: `*` and `?` stand for signs of one name, `**` as a whole name for any number of names, none included;
 * all else is what it is. Dots at the beginning of a name are signs like others.
 */
export interface PathPattern {
  /** Names before the first one with a sign, with their slashes: `/etc/keys` of `/etc/keys/**`; all of a pattern without a sign. */
  readonly base: string
  /** It has `*` or `?` in it, so it may match nothing or many. */
  readonly hasSigns: boolean
  /** What matches: a whole regular expression for JavaScript (flags `su`) and for POSIX (extended) alike. */
  readonly regex: string
}

/** Reads a pattern; empty names and `.` between slashes count as not written. */
export function readPathPattern(text: string): PathPattern {
  const names = text.split('/').filter((name) => name !== '' && name !== '.')
  const firstSign = names.findIndex((name) => SIGN.test(name))
  const literal = firstSign === -1 ? names : names.slice(0, firstSign)
  const root = text.startsWith('/') ? '/' : ''
  return { base: `${root}${literal.join('/')}`, hasSigns: firstSign !== -1, regex: root + namesRegex(names) }
}

/** A function that tells whether a path matches; `pattern` as in plugin.yaml. */
export function pathMatcher(pattern: string): (path: string) => boolean {
  const regex = new RegExp(`^(?:${readPathPattern(pattern).regex})$`, 'su')
  return (path) => regex.test(path)
}

function namesRegex(written: readonly string[]): string {
  // Two `**` in a row say no more than one, and cost much more.
  const names = written.filter((name, index) => name !== ANY_DEPTH || written[index - 1] !== ANY_DEPTH)
  // The slash before a last `**` goes with it: `keys/**` matches keys too.
  const goesDown = names.length > 1 && names.at(-1) === ANY_DEPTH
  const upper = goesDown ? names.slice(0, -1) : names
  const text = upper.map((name, index) => {
    const isLast = index === upper.length - 1
    if (name === ANY_DEPTH) return isLast ? '.*' : '(.*/)?'
    return isLast ? nameRegex(name) : `${nameRegex(name)}/`
  })
  return text.join('') + (goesDown ? '(/.*)?' : '')
}

function nameRegex(name: string): string {
  return name
    .replace(/[.[\](){}+^$|\\]/g, '\\$&')
    .replace(/\*+/g, '[^/]*')
    .replaceAll('?', '[^/]')
}

const ANY_DEPTH = '**'
const SIGN = /[*?]/
