/**
 * Takes back what programs in a guest, its boot loader and its firmware switch on in a terminal. Sources: ECMA-48; xterm's
 * "Control Sequences", DECSET.
 */
export const TERMINAL_RESET = [
  // The normal screen, with what was on it before; who is on it already keeps the cursor where it is.
  '\x1b7\x1b[?1049l',
  // Mouse reports, focus reports, bracketed paste.
  '\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l',
  // The whole screen scrolls; setting that moves the cursor to the top, so it is put back.
  '\x1b7\x1b[r\x1b8',
  // Cursor keys and keypad as usual, lines wrap (OVMF and grub switch that off).
  '\x1b[?1l\x1b>\x1b[?7h',
  // A cursor, no colours, the usual character set.
  '\x1b[?25h\x1b[0m\x0f',
].join('')
