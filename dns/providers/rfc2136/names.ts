/** Domain names on the wire (RFC 1035 section 3.1), lower-case and without a trailing dot in text. */

const MAX_NAME_BYTES = 255;
const MAX_LABEL_BYTES = 63;
const POINTER = 0xc0;

/** Not compressed. Throws RangeError if `name` is invalid. */
export function encodeName(name: string): Buffer {
  const labels = name === '' ? [] : name.toLowerCase().split('.');
  const parts = labels.flatMap((label) => {
    const bytes = unescaped(label);
    if (bytes.length === 0 || bytes.length > MAX_LABEL_BYTES) throw new RangeError(`no DNS name: ${name}`);
    return [Buffer.from([bytes.length]), bytes];
  });
  const wire = Buffer.concat([...parts, Buffer.from([0])]);
  if (wire.length > MAX_NAME_BYTES) throw new RangeError(`no DNS name, it is too long: ${name}`);
  return wire;
}

/** The name at `offset`, and the offset after it. Throws RangeError. */
export function decodeName(bytes: Buffer, offset: number): { readonly name: string; readonly next: number } {
  const labels: string[] = [];
  let at = offset;
  let next: number | undefined;
  let length = 0;
  for (;;) {
    const size = bytes.readUInt8(at);
    if ((size & POINTER) === POINTER) {
      const target = bytes.readUInt16BE(at) & 0x3fff;
      next ??= at + 2;
      // Only backwards, to exclude loops.
      if (target >= at) throw new RangeError('a DNS name that points forward');
      at = target;
      continue;
    }
    if (size > MAX_LABEL_BYTES) throw new RangeError('a DNS label of an unknown kind');
    if (size === 0) return { name: labels.join('.'), next: next ?? at + 1 };
    length += size + 1;
    if (length > MAX_NAME_BYTES || at + 1 + size > bytes.length) throw new RangeError('a DNS name too long');
    labels.push(escaped(bytes.subarray(at + 1, at + 1 + size)));
    at += size + 1;
  }
}

/** As in zone files (RFC 1035 section 5.1), so that a dot within a label is no separator. */
function escaped(label: Buffer): string {
  return label
    .toString('latin1')
    .toLowerCase()
    .replaceAll(/[^!#-[\]-~]|\./g, (character) => `\\${String(character.charCodeAt(0)).padStart(3, '0')}`);
}

function unescaped(label: string): Buffer {
  const text = label.replaceAll(/\\(\d{3})/g, (_, code: string) => String.fromCharCode(Number(code)));
  if (/[^\0-\xff]/.test(text)) throw new RangeError(`no DNS label: ${label}`);
  return Buffer.from(text, 'latin1');
}
