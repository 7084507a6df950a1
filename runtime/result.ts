/** What a caller decides on. What nobody expects is thrown. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: string };

/** A configuration, or everything that is wrong with it. */
export type Loaded<T, P = string> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly P[] };
