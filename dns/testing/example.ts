/** What a provider's examples are made of. Apart from them all, which wait for each. */

/** By variable. */
type Variables = Readonly<Record<string, string>>;

export interface ProviderExamples {
  /** Enough for it to be made. */
  readonly right: Variables;
  /** For each of its settings values that are none. */
  readonly wrong: Readonly<Record<string, readonly string[]>>;
  /** As in the file: enough for it to run, and to reach nobody. */
  readonly offline: object;
}

/** In wrong values of secrets; no message may have it. */
export const SECRET = 'never-to-be-shown';
/** Nobody listens there. */
export const NOWHERE = 'http://127.0.0.1:1';
export const KEY = '0123456789abcdef0123456789abcdef';
