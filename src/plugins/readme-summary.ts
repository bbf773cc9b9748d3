/** The first line of text after the title of a README; the first line when there is no title. Empty when there is none. */
export function readmeSummary(markdown: string): string {
  const lines = markdown
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.trim())
  const first = lines.findIndex((line) => line !== '')
  const hasTitle = lines[first]?.startsWith('#') === true
  const isUnderlined = /^(?:=+|-+)$/.test(lines[first + 1] ?? '')
  const start = hasTitle ? first + 1 : isUnderlined ? first + 2 : first
  return lines.slice(Math.max(start, 0)).find((line) => line !== '') ?? ''
}
