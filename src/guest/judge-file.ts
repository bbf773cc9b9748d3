import { Script } from 'node:vm'
import type { ExpectationFinding, FileWish, ProbeAnswer } from '../model/expectation.js'
import { printable } from './printable.js'
import { textOf } from './probe-words.js'

type Judgement = Omit<ExpectationFinding, 'what'>
type Answer = NonNullable<ProbeAnswer>

/** Compares one wish of a file with what the probe has seen of it; a link counts as what it leads to. */
export function judgeFile(wish: FileWish, answer: Answer): Judgement {
  const hasName = textOf(answer, 'state') === 'there'
  const isThere = textOf(answer, 'kind') !== ''
  const seen = hasName ? kindOf(answer) : 'absent'
  if (wish.how === 'there') return { ok: isThere, expected: 'present', seen }
  if (wish.how === 'absent') return { ok: !hasName, expected: 'absent', seen }
  if (!isThere) return { ok: false, expected: expectedOf(wish), seen }
  switch (wish.how) {
    case 'mode':
      return judgeField(wish, wish.mode, textOf(answer, 'mode'))
    case 'owner':
      return judgeField(wish, wish.owner, textOf(answer, 'owner'))
    case 'group':
      return judgeField(wish, wish.group, textOf(answer, 'group'))
    default:
      return judgeBytes(wish, answer)
  }
}

type FieldWish = Extract<FileWish, { how: 'mode' | 'owner' | 'group' }>

function judgeField(wish: FieldWish, wanted: string, value: string): Judgement {
  return { ok: value === wanted, expected: expectedOf(wish), seen: shownField(wish.how, value) }
}

function judgeBytes(wish: Exclude<FileWish, FieldWish | { how: 'there' | 'absent' }>, answer: Answer): Judgement {
  const content = answer.get('content')
  if (content === undefined) return { ok: false, expected: expectedOf(wish), seen: kindOf(answer) }
  if (wish.how !== 'sha256') return judgeContent(wish, content, Number(textOf(answer, 'size')))
  const seen = textOf(answer, 'sha256')
  return { ok: seen === wish.digest, expected: wish.digest, seen }
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
      return `matches ${wish.pattern}`
    case 'sha256':
      return wish.digest
    case 'mode':
      return shownField('mode', wish.mode)
    case 'owner':
      return shownField('owner', wish.owner)
    case 'group':
      return shownField('group', wish.group)
  }
}

function shownField(how: FieldWish['how'], value: string): string {
  return how === 'mode' ? `mode 0${value}` : `${how} ${value}`
}

function kindOf(answer: Answer): string {
  const kind = textOf(answer, 'kind')
  const link = textOf(answer, 'link')
  if (kind === '') return `a link to ${link}, which is not there`
  return link === '' ? `a ${kind}` : `a link to ${link}, a ${kind}`
}

function shownContent(text: string): string {
  return text === '' ? 'nothing: it is empty' : JSON.stringify(printable(withoutLastBreaks(text), SHOWN_CHARACTERS))
}

function withoutLastBreaks(text: string): string {
  return text.replace(/[\r\n]+$/, '')
}

const MATCH = new Script('expression.test(text)')
const MATCH_MS = 1000
const SHOWN_CHARACTERS = 120
