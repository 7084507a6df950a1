/**
 * The text of a TXT record and the forms in which zone files and APIs have it: `"a \"text\""`, `"in " "parts"`, or bare.
 * Source: RFC 1035 section 5.1. Pure.
 */

/** The text itself. A code such as `\226` stays as it is: it is decimal in zone files, octal at Route 53. */
export function plainText(written: string): string {
  if (!written.startsWith('"')) return written;
  const strings = [...written.matchAll(/"((?:[^"\\]|\\.)*)"/gs)];
  return strings.map(([, inner = '']) => inner.replaceAll(/\\(\D)/g, '$1')).join('');
}

/** As zone files and most APIs want it. For texts of up to 255 bytes. */
export function quotedText(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

/** Each text as it is written already, so that those of others go back byte for byte; else quoted. */
export function writtenTexts(texts: readonly string[], already: readonly string[]): readonly string[] {
  return texts.map((text) => already.find((written) => plainText(written) === text) ?? quotedText(text));
}
