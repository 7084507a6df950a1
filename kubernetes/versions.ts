/** resourceVersions are decimal numbers that grow (KEP-5504). Where they are not, nothing is said. */
export function isBefore(version = '', other = ''): boolean {
  return isNumber(version) && isNumber(other) && compare(version, other) < 0;
}

export function isAtOrBefore(version = '', other = ''): boolean {
  return isNumber(version) && isNumber(other) && compare(version, other) <= 0;
}

function isNumber(version: string): boolean {
  return /^(0|[1-9]\d*)$/.test(version);
}

/** Longer ones are greater: they may be beyond what a number holds. */
function compare(one: string, other: string): number {
  return one.length - other.length || Number(one > other) - Number(one < other);
}
