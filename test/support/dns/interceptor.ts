/** Something between a client and its API that passes some calls on, and answers the others itself as if they had succeeded. */
import { createServer } from 'node:http';
import { type Ends, passOn, serveOnLoopback } from '../loopback.ts';

export interface Interceptor {
  /** `host:port`. */
  readonly address: string;
  /** Passes so many calls on from now, and answers the others with this body. */
  intercept(after: number, body: string): void;
  /** How many it has answered since then. */
  answered(): number;
}

/** Before the API on `port` of loopback. Ends with the test. */
export async function startInterceptor(ends: Ends, port: number): Promise<Interceptor> {
  let state = { left: 0, body: '', answered: 0 };
  const server = createServer((incoming, outgoing) => {
    if (state.left === 0) {
      state.answered += 1;
      incoming.resume();
      outgoing.writeHead(200, { 'content-type': 'text/html' }).end(state.body);
      return;
    }
    state.left -= 1;
    passOn(incoming, outgoing, { port });
  });
  return {
    address: `127.0.0.1:${await serveOnLoopback(ends, server)}`,
    intercept: (left, body) => {
      state = { left, body, answered: 0 };
    },
    answered: () => state.answered,
  };
}
