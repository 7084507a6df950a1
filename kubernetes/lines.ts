const NEWLINE = 0x0a;

/**
 * Cuts a stream of bytes into its lines, without their ends. A last line without an end is yielded as well.
 * Throws RangeError at a line of more than `limit` bytes.
 */
export async function* lines(chunks: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<string, void> {
  let parts: Uint8Array[] = [];
  let size = 0;
  const keep = (part: Uint8Array) => {
    size += part.length;
    if (size > limit) throw new RangeError(`a line of more than ${limit} bytes`);
    parts.push(part);
  };
  const take = () => {
    const line = Buffer.concat(parts, size).toString('utf8');
    parts = [];
    size = 0;
    return line;
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      keep(chunk.subarray(start, end));
      start = end + 1;
      yield take();
    }
    if (start < chunk.length) keep(chunk.subarray(start));
  }
  if (size > 0) yield take();
}

/** Above this many bytes reading stops until `enter` resolves. */
export interface Large {
  readonly above: number;
  readonly enter: () => Promise<void>;
}

/** The whole of a stream as text. Throws RangeError above `limit` bytes. */
export async function text(chunks: AsyncIterable<Uint8Array>, limit: number, large?: Large): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  let isIn = false;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > limit) throw new RangeError(`an answer of more than ${limit} bytes`);
    parts.push(chunk);
    if (isIn || large === undefined || size <= large.above) continue;
    await large.enter();
    isIn = true;
  }
  return Buffer.concat(parts, size).toString('utf8');
}
