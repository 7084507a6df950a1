/** As many names as a sentence bears: anybody who may create objects can make thousands. */
const MOST = 5;

/** The first names, and how many others there are. */
export function someOf(names: readonly string[], most = MOST): string {
  const left = names.length - most;
  const shown = names.slice(0, most).join(', ');
  return left > 0 ? `${shown} and ${left} more` : shown;
}
