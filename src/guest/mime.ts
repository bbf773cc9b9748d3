/** One part of a bundle that we write ourselves. */
export interface MimePart {
  readonly name: string
  readonly type: string
  readonly bytes: Uint8Array
}

/**
 * A MIME bundle as `cloud-init devel make-mime` writes it, for hosts whose cloud-init cannot (older, newer or broken).
 *
 * Every part is base64 in lines of 76 (RFC 2045, 6.8), so its bytes arrive as they are. The boundary is the caller's: it must
 * not occur in base64, which a leading "=" ensures.
 */
export function mimeBundle(parts: readonly MimePart[], boundary: string): string {
  const body = parts.map(
    (part) =>
      `--${boundary}\nContent-Type: text/${part.type}; charset="utf-8"\nMIME-Version: 1.0\nContent-Transfer-Encoding: base64\n` +
      `Content-Disposition: attachment; filename="${part.name}"\n\n${base64Lines(part.bytes)}\n`,
  )
  return `Content-Type: multipart/mixed; boundary="${boundary}"\nMIME-Version: 1.0\n\n${body.join('')}--${boundary}--\n`
}

function base64Lines(bytes: Uint8Array): string {
  return (
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,76}/g) ?? []
  ).join('\n')
}
