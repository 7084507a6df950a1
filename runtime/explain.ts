const MAX_CAUSES = 8;

/** The message of anything thrown, with the messages of its causes, on one line. */
export function explain(error: unknown): string {
  const parts: string[] = [];
  let cause = error;
  // A bound, since causes may go in a circle.
  for (let depth = 0; cause !== undefined && cause !== null && depth < MAX_CAUSES; depth += 1) {
    const text = textOf(cause);
    if (text !== '' && !parts.some((part) => part.includes(text))) parts.push(text);
    cause = causeOf(cause);
  }
  return parts.slice(0, 4).join(': ').replaceAll(/\s+/g, ' ').trim() || 'unknown error';
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return `not an Error but ${typeof error}`;
  return error.message || (firstOf(error) === undefined ? error.name : '');
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? (firstOf(error) ?? error.cause) : undefined;
}

/** When no address of several answers, Node throws an AggregateError without a message of its own. */
function firstOf(error: Error): unknown {
  return error instanceof AggregateError ? error.errors[0] : undefined;
}
