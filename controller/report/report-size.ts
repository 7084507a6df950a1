/** In bytes. A ConfigMap holds 1 MiB; the rest is for what is beside the sections. */
const MOST_BYTES = 900_000;
/** What the next leader takes for a section that was never written. */
const LEFT_OUT = 'null';

export interface Fitting {
  readonly data: Readonly<Record<string, string>>;
  /** Names of the sections that are too large. */
  readonly leftOut: readonly string[];
}

/**
 * The largest ones give way: what a section quotes of others must not keep the transitions, and what was delivered to whom, from
 * being stored.
 */
export function fittingSections(sections: ReadonlyMap<string, string>): Fitting {
  const sized = [...sections].map(([name, text]) => ({ name, text, bytes: Buffer.byteLength(text) }));
  let left = MOST_BYTES;
  const leftOut: string[] = [];
  const kept = sized
    .toSorted((one, other) => one.bytes - other.bytes)
    .map(({ name, text, bytes }): [string, string] => {
      if (bytes > left) {
        leftOut.push(name);
        return [name, LEFT_OUT];
      }
      left -= bytes;
      return [name, text];
    });
  return { data: Object.fromEntries(kept), leftOut };
}
