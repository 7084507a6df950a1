/** As many names as a sentence bears: anybody who may create objects can make thousands. */
const MOST = 5;

/** The first names, and how many others there are. */
export function someOf(names: readonly string[]): string {
  const left = names.length - MOST;
  const shown = names.slice(0, MOST).join(', ');
  return left > 0 ? `${shown} and ${left} more` : shown;
}
