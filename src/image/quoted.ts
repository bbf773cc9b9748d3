/** Text that came out of an image or a file name, in quotes, safe to print: no control, format or broken characters, at most 200 characters. */
export function quoted(text: string): string {
  const whole = JSON.stringify(text.slice(0, LONGEST)).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, escaped)
  return text.length > LONGEST ? `${whole}…` : whole
}

const LONGEST = 200

function escaped(character: string): string {
  return [...character].map((one) => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`).join('')
}
