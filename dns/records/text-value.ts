/**
 * The text of a TXT record and its forms in zone files and APIs: `"a \"text\""`, `"in " "parts"`, or bare.
 * Source: RFC 1035 section 5.1. Pure.
 */

/** The bare text. Escapes such as `\226` are kept: they are decimal in zone files, octal at Route 53. */
export function plainText(written: string): string {
  if (!written.startsWith('"')) return written;
  const strings = [...written.matchAll(/"((?:[^"\\]|\\.)*)"/gs)];
  return strings.map(([, inner = '']) => inner.replaceAll(/\\(\D)/g, '$1')).join('');
}

/** For zone files and most APIs. For texts of up to 255 bytes. */
export function quotedText(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

/** Each text as in `already`, so that those of others stay byte for byte the same; else quoted. */
export function writtenTexts(texts: readonly string[], already: readonly string[]): readonly string[] {
  return texts.map((text) => already.find((written) => plainText(written) === text) ?? quotedText(text));
}
