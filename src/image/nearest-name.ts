/** The name that a typing error most likely meant; undefined when none is near. Counts changed, added and lost characters. */
export function nearestName(typed: string, names: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Math.min(MOST_ERRORS, Math.floor(typed.length / 3)) + 1
  for (const name of [...names].slice(0, MOST_NAMES).sort()) {
    if (Math.abs(name.length - typed.length) >= bestDistance) continue
    const distance = distanceOf(typed.toLowerCase(), name.toLowerCase())
    if (distance < bestDistance) [best, bestDistance] = [name, distance]
  }
  // The right name with another or no ending is a common slip of more characters.
  return best ?? names.find((name) => stem(name) === stem(typed) && stem(typed) !== '')
}

function distanceOf(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (const [i, character] of [...one].entries()) {
    const next = [i + 1]
    for (const [j, against] of [...other].entries()) {
      const replaced = (row[j] ?? 0) + (character === against ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}

function stem(name: string): string {
  return name.replace(/\.[a-z0-9]{1,6}$/i, '').toLowerCase()
}

const MOST_ERRORS = 3
const MOST_NAMES = 2000
