/** Keeps a byte order mark. Throws rather than replace bytes that are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new Error('this is no text in UTF-8: convert it, as with iconv -t UTF-8', { cause: error });
  }
}
