/** Ctrl-], as telnet and virsh have it. */
const LEAVING_KEY = 0x1d

/** Splits what was typed: `typed` is for the guest; `leaves` when the person wants to go. */
export function readKeys(bytes: Buffer): { readonly typed: Buffer; readonly leaves: boolean } {
  const at = bytes.indexOf(LEAVING_KEY)
  return at < 0 ? { typed: bytes, leaves: false } : { typed: bytes.subarray(0, at), leaves: true }
}
