/**
 * A unified diff of two texts as lines, each behind " ", "-" or "+", with "@@" between parts that are apart; undefined when
 * they are too long to compare, empty when they are the same. Pure.
 */
export function unifiedDiff(old: readonly string[], now: readonly string[]): readonly string[] | undefined {
  if (old.length > MOST_LINES || now.length > MOST_LINES) return undefined
  const script = editScript(old, now)
  const shown = script.map((_, index) =>
    script.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some((line) => !line.startsWith(' ')),
  )
  return script.flatMap((line, index) => {
    if (shown[index] !== true) return []
    const apart = index > 0 && shown[index - 1] !== true && shown.slice(0, index).includes(true)
    return apart ? ['@@', line] : [line]
  })
}

/** All lines of both, by the longest common subsequence: what goes stands before what comes. */
function editScript(old: readonly string[], now: readonly string[]): readonly string[] {
  const width = now.length + 1
  // Of the ends from row i and column j on.
  const common = new Uint16Array((old.length + 1) * width)
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      common[i * width + j] =
        old[i] === now[j]
          ? at(common, (i + 1) * width + j + 1) + 1
          : Math.max(at(common, (i + 1) * width + j), at(common, i * width + j + 1))
    }
  }
  const script: string[] = []
  for (let i = 0, j = 0; i < old.length || j < now.length; ) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      script.push(` ${old[i]}`)
      i++
      j++
    } else if (
      j >= now.length ||
      (i < old.length && at(common, (i + 1) * width + j) >= at(common, i * width + j + 1))
    ) {
      script.push(`-${old[i++]}`)
    } else {
      script.push(`+${now[j++]}`)
    }
  }
  return script
}

function at(values: Uint16Array, index: number): number {
  return values[index] ?? 0
}

/** Lines around a change. */
const CONTEXT = 2
/** A table of 2000 by 2000 is 8 MB and takes some milliseconds. */
const MOST_LINES = 2000
