import { Script } from 'node:vm'
import type { ExpectationFinding, FileWish, ProbeAnswer } from '../model/expectation.js'
import { quoted, textOf } from './probe-words.js'

type Judgement = Omit<ExpectationFinding, 'what'>
type Answer = NonNullable<ProbeAnswer>

/** Compares one wish of a file with what the probe has seen of it. */
export function judgeFile(wish: FileWish, answer: Answer): Judgement {
  const isThere = textOf(answer, 'state') === 'there'
  if (wish.how === 'there') return { ok: isThere, expected: 'present', seen: isThere ? kindOf(answer) : 'absent' }
  if (wish.how === 'absent') return { ok: !isThere, expected: 'absent', seen: isThere ? kindOf(answer) : 'absent' }
  const expected = expectedOf(wish)
  if (!isThere) return { ok: false, expected, seen: 'absent' }
  if (wish.how === 'mode' || wish.how === 'owner' || wish.how === 'group') {
    const wanted = {
      mode: 'mode' in wish ? wish.mode : '',
      owner: 'owner' in wish ? wish.owner : '',
      group: 'group' in wish ? wish.group : '',
    }
    const seen = textOf(answer, wish.how)
    return {
      ok: seen === wanted[wish.how],
      expected,
      seen: seen === '' ? kindOf(answer) : quoted(shownMode(wish.how, seen)),
    }
  }
  const content = answer.get('content')
  if (content === undefined) return { ok: false, expected, seen: kindOf(answer) }
  if (wish.how === 'sha256') {
    const seen = textOf(answer, 'sha256')
    return { ok: seen === wish.digest, expected, seen: quoted(seen) }
  }
  return judgeContent(wish, content, Number(textOf(answer, 'size')))
}

type TextWish = Extract<FileWish, { how: 'text' | 'contains' | 'matches' }>

/** `size`: of the whole file, in bytes; its beginning is what was seen of it. */
function judgeContent(wish: TextWish, content: Buffer, size: number): Judgement {
  const text = content.toString('utf8')
  const rest = size > content.length ? `; only the first ${content.length} of its ${size} bytes were looked at` : ''
  const seen = `${shownContent(text)}${rest}`
  const expected = expectedOf(wish)
  if (wish.how === 'text') {
    const ok = rest === '' && withoutLastBreaks(text) === withoutLastBreaks(wish.text)
    return { ok, expected, seen }
  }
  if (wish.how === 'contains') return { ok: text.includes(wish.text), expected, seen }
  const found = matches(wish.pattern, text)
  if (found === 'too slow')
    return { ok: false, expected, seen: `the expression takes longer than a second on this file${rest}` }
  return { ok: found, expected, seen }
}

/** The guest chooses the text, and some expressions take ages on the wrong one: it is tried for a second. */
function matches(pattern: string, text: string): boolean | 'too slow' {
  const expression = new RegExp(pattern, 'mu')
  try {
    return MATCH.runInNewContext({ expression, text }, { timeout: MATCH_MS }) === true
  } catch {
    return 'too slow'
  }
}

function expectedOf(wish: Exclude<FileWish, { how: 'there' | 'absent' }>): string {
  switch (wish.how) {
    case 'text':
      return `the text ${shownContent(wish.text)}`
    case 'contains':
      return `contains ${shownContent(wish.text)}`
    case 'matches':
      return `matches ${quoted(wish.pattern)}`
    case 'sha256':
      return wish.digest
    case 'mode':
      return shownMode('mode', wish.mode)
    case 'owner':
      return `owner ${wish.owner}`
    case 'group':
      return `group ${wish.group}`
  }
}

function shownMode(how: 'mode' | 'owner' | 'group', value: string): string {
  return how === 'mode' ? `mode 0${value}` : `${how} ${value}`
}

function kindOf(answer: Answer): string {
  const kind = textOf(answer, 'kind')
  const link = textOf(answer, 'link')
  if (kind === '') return quoted(`a link to ${link}, which is not there`)
  return quoted(link === '' ? `a ${kind}` : `a link to ${link}, a ${kind}`)
}

function shownContent(text: string): string {
  return text === '' ? 'nothing: it is empty' : JSON.stringify(quoted(withoutLastBreaks(text)))
}

function withoutLastBreaks(text: string): string {
  return text.replace(/[\r\n]+$/, '')
}

const MATCH = new Script('expression.test(text)')
const MATCH_MS = 1000
