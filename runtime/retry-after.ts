type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Whoever asks for more is asked again after a day, which a timer can still count. */
const LONGEST_MS = 24 * 3_600_000;

/**
 * How many milliseconds an answer asks to wait (RFC 9110 section 10.2.3): seconds, or a date by the clock of the server, which
 * dates its answer as well. Undefined where it asks for none, or in no such form. `now` is for answers without a date.
 */
export function retryAfterMs(headers: Headers, now: number): number | undefined {
  const text = textOf(headers['retry-after']);
  const delay = delayMs(text);
  if (delay !== undefined) return delay;
  const until = dateOf(text);
  if (until === undefined) return undefined;
  return Math.min(Math.max(0, until - (dateOf(textOf(headers.date)) ?? now)), LONGEST_MS);
}

/** The form in seconds alone: an API server has no other, and the sidecar has few bytes. Undefined where it is not that. */
export function delayMs(text = ''): number | undefined {
  return /^\d+$/.test(text) ? Math.min(Number(text) * 1_000, LONGEST_MS) : undefined;
}

function textOf(header: string | readonly string[] | undefined): string {
  return typeof header === 'string' ? header.trim() : '';
}

/** All three forms begin with a day, and are of GMT; the oldest does not say so. */
function dateOf(text: string): number | undefined {
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /.test(text)) return undefined;
  const ms = Date.parse(text.endsWith(' GMT') ? text : `${text} GMT`);
  return Number.isNaN(ms) ? undefined : ms;
}
