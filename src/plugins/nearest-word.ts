/** The word of `words` that `typed` was probably meant to be: at most a third of its letters away. */
export function nearestWord(typed: string, words: Iterable<string>): string | undefined {
  let nearest: string | undefined
  let smallest = Math.max(1, Math.floor(typed.length / 3)) + 1
  for (const word of words) {
    // No distance is shorter than that, and a long text costs time.
    if (Math.abs(typed.length - word.length) >= smallest) continue
    const distance = editDistance(typed.toLowerCase(), word.toLowerCase())
    if (distance < smallest) {
      smallest = distance
      nearest = word
    }
  }
  return nearest
}

/** Steps from one word to the other: a letter put in, left out, replaced, or swapped with its neighbour. */
export function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let steps = Math.min(at(rows, i - 1, j) + 1, (row[j - 1] ?? 0) + 1, at(rows, i - 1, j - 1) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        steps = Math.min(steps, at(rows, i - 2, j - 2) + 1)
      }
      row.push(steps)
    }
    rows.push(row)
  }
  return at(rows, a.length, b.length)
}

function at(rows: readonly (readonly number[])[], i: number, j: number): number {
  return rows[i]?.[j] ?? 0
}
