/** As scripts/build.ts builds for: what is older lacks parts of the language. */
const LEAST_NODE = 24;

/** What to tell a person whose Node is too old, one line; undefined: it is not. `version` as in `process.version`. */
export function nodeProblem(version: string, path: string): string | undefined {
  const major = Number(/^v?(\d+)/.exec(version)?.[1]);
  if (major >= LEAST_NODE) return undefined;
  return `kubectl site-follower needs Node ${LEAST_NODE} or later, and ${path} is ${version}. Put a newer one first in PATH.`;
}
