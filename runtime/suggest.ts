/** ` (did you mean x?)` when `name` is close to one of `known`, else an empty string. */
export function didYouMean(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near === undefined ? '' : ` (did you mean ${near}?)`;
}

/** The one of `known` that `name` most likely stands for: the same but for case and separators, or a slip or two. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const squashed = squash(name);
  const same = known.find((candidate) => squash(candidate) === squashed);
  if (same !== undefined) return same;
  let best: { name: string; distance: number } | undefined;
  for (const candidate of known) {
    const allowed = candidate.length >= 8 ? 2 : 1;
    // Far longer names cannot be near, and need not be measured.
    if (Math.abs(candidate.length - name.length) > allowed) continue;
    const distance = editDistance(squashed, squash(candidate));
    if (distance <= allowed && distance < (best?.distance ?? Number.POSITIVE_INFINITY)) {
      best = { name: candidate, distance };
    }
  }
  return best?.name;
}

/** Names that other programs use as well, or nearly: those are not taken for misspelt ones of ours. */
const COMMON = [
  'HTTP_PORT',
  'LOG_LEVEL',
  'POD_NAME',
  'POD_NAMESPACE',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
];

/** A problem for each of {@link misspeltVariables}, without its value: that may be a secret. */
export function misspeltProblems(
  env: Readonly<Record<string, string | undefined>>,
  known: readonly string[],
): string[] {
  return misspeltVariables(env, known).map(
    ({ name, meant }) => `${name} is not a known variable (did you mean ${meant}?)`,
  );
}

/** Set variables that nothing reads but that look like one of `known`, with the one they look like. */
export function misspeltVariables(
  env: Readonly<Record<string, string | undefined>>,
  known: readonly string[],
): { readonly name: string; readonly meant: string }[] {
  const ours = known.filter((name) => !COMMON.includes(name));
  return Object.keys(env).flatMap((name) => {
    if (known.includes(name) || isServiceLink(name, env)) return [];
    const meant = nearest(name, ours) ?? ours.find((candidate) => lacksWords(name, candidate));
    return meant === undefined ? [] : [{ name, meant }];
  });
}

/** Kubernetes sets `WEBHOOKS_PORT` and `WEBHOOKS_SERVICE_HOST` in every pod beside a Service `webhooks`. */
function isServiceLink(name: string, env: Readonly<Record<string, string | undefined>>): boolean {
  return name.endsWith('_PORT') && env[name.replace(/_PORT$/, '_SERVICE_HOST')] !== undefined;
}

/** `CNPG_CLUSTER` for `CNPG_CLUSTER_NAME`. The first word must be there: `API_KEY` is anybody's. */
function lacksWords(name: string, candidate: string): boolean {
  const words = name.toUpperCase().split(/[-_.]/);
  const all = candidate.split('_');
  if (words.length < 2 || words.length >= all.length || words[0] !== all[0]) return false;
  let next = 0;
  for (const word of all) if (word === words[next]) next += 1;
  return next === words.length;
}

function squash(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]/g, '');
}

/** Insertions, deletions, replacements and swaps of neighbours that lead from `a` to `b`. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = at(last, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1);
      let cost = Math.min(replaced, at(last, column) + 1, at(current, column - 1) + 1);
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (row > 1 && column > 1 && swapped) cost = Math.min(cost, at(beforeLast, column - 2) + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
