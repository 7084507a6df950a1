const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** Two units at most: `3d4h`, `4m10s`, `12s`; below ten seconds with a fraction: `1.2s`, `40ms`. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return '?';
  if (ms < 0) return `-${duration(-ms)}`;
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)}s`;
  let seconds = Math.floor(ms / 1_000);
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(seconds / size);
    if (count === 0 && parts.length === 0) continue;
    seconds -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
    if (parts.length === 2 || unit === 's') break;
    if (count === 0) break;
  }
  return parts.join('');
}

/** Milliseconds since an RFC 3339 time; undefined where it is not one. */
export function age(time: string | undefined, now: number): number | undefined {
  const at = Date.parse(time ?? '');
  return Number.isNaN(at) ? undefined : Math.max(0, now - at);
}

/** `4m10s ago`; `?` where there is no time. The clocks of two machines differ, so it shows no fractions. */
export function ago(time: string | undefined, now: number): string {
  const ms = age(time, now);
  if (ms === undefined) return '?';
  return ms < 1_000 ? 'just now' : `${duration(Math.floor(ms / 1_000) * 1_000).replace('.0s', 's')} ago`;
}

/** In UTC: `2026-11-25 17:02:11Z`. A text that is not a time is returned as it is. */
export function clockTime(time: string): string {
  const at = Date.parse(time);
  return Number.isNaN(at) ? time : `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}
