/**
 * At most `bytes` of `text` in UTF-8, and always a copy: a part of a string keeps the whole one in memory, be it of a
 * megabyte. What is cut ends with `…`.
 */
export function cut(text: string, bytes: number): string {
  // No character has less than a byte.
  const encoded = Buffer.from(text.slice(0, bytes + 1));
  if (encoded.length <= bytes) return encoded.toString();
  return `${startOf(encoded, bytes - ELLIPSIS_BYTES)}…`;
}

/** The longest that a label can have is shown whole. */
export const LONGEST_SHOWN = 63;

/** A value of somebody else, for use in a sentence. */
export const shown = (value: string): string => cut(value, LONGEST_SHOWN);

export const ELLIPSIS_BYTES = 3;

/** Whole characters only. */
function startOf(encoded: Buffer, bytes: number): string {
  let end = bytes;
  // The bytes of a character after its first one begin with the bits 10.
  while (end > 0 && ((encoded[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return encoded.toString('utf8', 0, end);
}
