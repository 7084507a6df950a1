/** The target of scripts/build.ts. */
const LEAST_NODE = 24;

/** One line for a user whose Node is too old; undefined where it is not. `version` is `process.version`. */
export function nodeProblem(version: string, path: string): string | undefined {
  const major = Number(/^v?(\d+)/.exec(version)?.[1]);
  if (major >= LEAST_NODE) return undefined;
  return `kubectl site-follower needs Node ${LEAST_NODE} or later, and ${path} is ${version}. Put a newer one first in PATH.`;
}
