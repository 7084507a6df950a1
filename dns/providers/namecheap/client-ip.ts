import { isIPv4 } from 'node:net';
import { text } from '../../../kubernetes/lines.ts';
import { type Clock, withDeadline } from '../../../runtime/clock.ts';
import { explainCall, type OutboundDispatcher, routeTo } from '../../../runtime/outbound/dispatcher.ts';
import { DnsError } from '../../provider.ts';

/** The vendor's own address service. */
const SERVICE = new URL('https://dynamicdns.park-your-domain.com/getip');
const TIMEOUT_MS = 10_000;
/** An address and a line break, and room for a proxy's word of why not. */
const MAX_ANSWER_BYTES = 4_096;

/** The IPv4 address that Namecheap sees this program come from. Throws DnsError. */
export async function findClientIp(
  clock: Clock,
  dispatcher: OutboundDispatcher,
  abort: AbortSignal,
): Promise<string> {
  try {
    const address = await withDeadline(clock, TIMEOUT_MS, abort, SERVICE.href, async (limited) => {
      const answer = await dispatcher.request({
        origin: SERVICE.origin,
        path: SERVICE.pathname,
        method: 'GET',
        signal: limited,
      });
      return (await text(answer.body, MAX_ANSWER_BYTES)).trim();
    });
    if (isIPv4(address)) return address;
    throw new Error('the answer is no IPv4 address');
  } catch (error) {
    abort.throwIfAborted();
    const way = routeTo(dispatcher, SERVICE);
    throw new DnsError(
      `the outgoing address of this program could not be found${way}: ${explainCall(error)}`,
      {
        kind: 'retry',
        code: 'client-ip',
        action: `Set NAMECHEAP_CLIENT_IP to the address that the account has whitelisted, or allow ${SERVICE.host}.`,
      },
    );
  }
}
