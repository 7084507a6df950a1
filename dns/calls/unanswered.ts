import { DeadlineError } from '../../runtime/clock.ts';
import { explainCall, type OutboundDispatcher, routeTo } from '../../runtime/outbound/dispatcher.ts';
import { DnsError } from '../provider.ts';

/** A call of a provider's API got no complete answer. Names the proxy, if any. */
export function unanswered(what: string, error: unknown, dispatcher: OutboundDispatcher, url: URL): DnsError {
  const way = routeTo(dispatcher, url);
  const causes =
    way === '' ? 'DNS, proxy, network policy' : 'the proxy, HTTPS_PROXY, HTTP_PROXY and NO_PROXY';
  return noAnswer(what, error, {
    way,
    why: explainCall(error),
    action: `The call is repeated; if this lasts, look at the way to the API: ${causes}.`,
  });
}

/** `way` reads on from `what`, such as ` at ns1:53`; `why` is left out after a timeout. */
export function noAnswer(
  what: string,
  error: unknown,
  { way, why, action }: { readonly way: string; readonly why: string; readonly action: string },
): DnsError {
  const isLate = error instanceof DeadlineError;
  return new DnsError(isLate ? `${error.message}${way}` : `${what} failed${way}: ${why}`, {
    kind: 'retry',
    code: isLate ? 'timeout' : 'network',
    action,
    cause: error,
  });
}
