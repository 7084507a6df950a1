/** Bytes of a provider's answer, and how much may be made of them. */
export interface AnswerLimits {
  readonly bytes: number;
  /** Lists, objects and elements count four times as much as what stands between commas. */
  readonly weight: number;
}

/** A zone of forty thousand records, which a heap of 128 MiB holds, as it does the worst of that weight. */
export const ZONE_LIMITS: AnswerLimits = { bytes: 16 * 1024 * 1024, weight: 1_250_000 };

const WEIGHTS = new Uint8Array(256);
for (const bracket of '{[<') WEIGHTS[bracket.charCodeAt(0)] = 4;
WEIGHTS[','.charCodeAt(0)] = 1;

/**
 * The same bytes, as long as they keep to the limits: an answer of 16 MB can be five million empty objects, which no heap
 * holds. What is within texts is counted as well, since nothing is known of them here. Throws RangeError.
 */
export async function* boundedBody(
  body: AsyncIterable<Uint8Array>,
  { bytes: mostBytes, weight: mostWeight }: AnswerLimits,
): AsyncGenerator<Uint8Array, void> {
  let bytes = 0;
  let weight = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new RangeError(`an answer of more than ${mostBytes} bytes`);
    for (const byte of chunk) weight += WEIGHTS[byte] ?? 0;
    if (weight > mostWeight)
      throw new RangeError('an answer of more lists, objects and values than a zone has');
    yield chunk;
  }
}
