import { DeadlineError } from '../runtime/clock.ts';
import { explainCall, type OutboundDispatcher, wayTo } from '../runtime/outbound/dispatcher.ts';
import { DnsError } from './provider.ts';

/** No whole answer came to a call of a provider's API. Names the proxy that it went through, if any. */
export function unanswered(what: string, error: unknown, dispatcher: OutboundDispatcher, url: URL): DnsError {
  const isLate = error instanceof DeadlineError;
  const way = wayTo(dispatcher, url);
  const look = way === '' ? 'DNS, proxy, network policy' : 'the proxy, HTTPS_PROXY, HTTP_PROXY and NO_PROXY';
  return new DnsError(isLate ? `${error.message}${way}` : `${what} failed${way}: ${explainCall(error)}`, {
    kind: 'retry',
    code: isLate ? 'timeout' : 'network',
    action: `The call is repeated; if this lasts, look at the way to the API: ${look}.`,
    cause: error,
  });
}
