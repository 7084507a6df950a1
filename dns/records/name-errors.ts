/** Errors of single names of a zone. Pure. */
import { explain } from '../../runtime/explain.ts';
import { DnsError } from '../provider.ts';

/** So many are in the message; all are in the status of their records. */
const MOST_TOLD = 3;

/** One error that stands for all. */
export function joined(errors: readonly DnsError[]): DnsError | undefined {
  const distinct = [...new Set(errors)];
  const [first] = distinct;
  if (first === undefined || distinct.length === 1) return first;
  const told = distinct.slice(0, MOST_TOLD);
  const more = distinct.length - told.length;
  const messages = [...told.map(({ message }) => message), ...(more > 0 ? [`and ${more} more`] : [])];
  const waits = distinct.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  const isAboutNames = distinct.every(({ names }) => names !== undefined);
  return new DnsError(messages.join('; '), {
    kind: first.kind,
    code: first.code,
    action: [...new Set(told.map(({ action }) => action))].join(' '),
    scope: distinct.every(({ scope }) => scope === 'names') ? 'names' : 'zone',
    each: distinct.flatMap(({ each }) => each),
    ...(isAboutNames && { names: [...new Set(distinct.flatMap(({ names = [] }) => names))] }),
    ...(waits.length === distinct.length && { retryAfterMs: Math.min(...waits) }),
  });
}

/** The error is about this name, as nothing else was sent. */
export function aboutName(error: DnsError, name: string): DnsError {
  if (error.names !== undefined) return error;
  const { message } = error;
  return aboutNames(error, [name], message.includes(name) ? message : `${name}: ${message}`);
}

/** `names` cannot be written because of `error`. */
export function aboutNames(error: DnsError, names: readonly string[], message: string): DnsError {
  return error.with({ message, names, scope: undefined, each: undefined, cause: error });
}

/** As {@link joined}, for anything that was thrown. */
export function joinedErrors(errors: Iterable<unknown>): unknown {
  const distinct = [...new Set(errors)];
  const known = distinct.filter((error) => error instanceof DnsError);
  if (distinct.length === known.length) return joined(known);
  return distinct.length === 1 ? distinct[0] : new AggregateError(distinct, distinct.map(explain).join('; '));
}

/** One error for each code, as each has its own advice. */
export function byCode(errors: Iterable<unknown>): readonly unknown[] {
  const distinct = [...new Set(errors)];
  const codes = Map.groupBy(distinct, (error) =>
    error instanceof DnsError ? `${error.kind} ${error.code}` : '',
  );
  return [...codes.values()].map(joinedErrors);
}

/** Maps all items; throws one DnsError with those of all items, rather than the first only. */
export function ofEach<C, T>(items: readonly C[], use: (item: C) => T): readonly T[] {
  const errors: DnsError[] = [];
  const results = items.flatMap((item) => {
    try {
      return [use(item)];
    } catch (error) {
      if (!(error instanceof DnsError)) throw error;
      errors.push(error);
      return [];
    }
  });
  const error = joined(errors);
  if (error !== undefined) throw error;
  return results;
}
