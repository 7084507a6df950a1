import { boundedBody } from '../../dns/calls/answer-body.ts';
import { request } from '../../dns/calls/closed-connection.ts';
import { cut } from '../../kubernetes/cut.ts';
import { text } from '../../kubernetes/lines.ts';
import { type Clock, DeadlineError, withDeadline } from '../../runtime/clock.ts';
import { explainCall, type OutboundDispatcher, routeTo } from '../../runtime/outbound/dispatcher.ts';
import { sidesIn } from './answer.ts';
import type { Side } from './side.ts';

/** Gives what the cluster with that page says, or why it does not; rejects only when `abort` fires. */
export type AskPeer = (url: string, abort: AbortSignal) => Promise<PeerAnswer>;

export type PeerAnswer =
  | { readonly ok: true; readonly sides: readonly Side[] }
  | { readonly ok: false; readonly problem: string };

const TIMEOUT_MS = 5_000;
/** The status of a cluster of 5,000 nodes has less, with all that its report has. */
const LIMITS = { bytes: 2 * 1024 * 1024, weight: 50_000 };
const LONGEST_PROBLEM = 512;

/** Over HTTP, through the proxy for what goes out. Redirects are not followed. */
export function httpAskPeer(clock: Clock, dispatcher: OutboundDispatcher): AskPeer {
  return async (url, abort) => {
    const target = new URL('api/status', url.endsWith('/') ? url : `${url}/`);
    try {
      return await withDeadline(clock, TIMEOUT_MS, abort, 'its page', async (limited) => {
        const { origin, pathname: path, hostname } = target;
        const headers = { accept: 'application/json' };
        const answer = await request(dispatcher, { origin, path, method: 'GET', headers, signal: limited });
        if (answer.statusCode !== 200) {
          await answer.body.dump({ limit: 16 * 1024, signal: limited });
          return refused(`its page answered ${answer.statusCode}${hint(answer.statusCode, hostname)}`);
        }
        const sides = sidesIn(await text(boundedBody(answer.body, LIMITS), LIMITS.bytes));
        return sides === undefined ? refused(NO_CONTROLLER) : { ok: true, sides };
      });
    } catch (error) {
      abort.throwIfAborted();
      return refused(problemOf(error, routeTo(dispatcher, target)));
    }
  };
}

const NO_CONTROLLER = 'what answers there is no page of kube-site-follower: look at its URL in PEERS';

function refused(problem: string): PeerAnswer {
  return { ok: false, problem: cut(problem, LONGEST_PROBLEM) };
}

function problemOf(error: unknown, way: string): string {
  if (error instanceof DeadlineError) return `${error.message}${way}`;
  if (error instanceof RangeError)
    return 'its page answered with more than a controller would: look at its URL in PEERS';
  return `no answer${way}: ${explainCall(error)}`;
}

function hint(status: number, host: string): string {
  if (status >= 300 && status < 400)
    return ', which leads elsewhere: give the address of the page itself in PEERS';
  if (status === 401 || status === 403) return ': let this cluster in without a login, by its addresses';
  if (status === 404) return ': the URL in PEERS has to be that of its page';
  return status === 421 ? `: HTTP_HOSTS there has to have ${host}` : '';
}
