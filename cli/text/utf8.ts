/** The text of a file, a byte order mark included. Throws rather than put other characters for bytes that are none. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new Error('this is no text in UTF-8: convert it, as with iconv -t UTF-8', { cause: error });
  }
}
