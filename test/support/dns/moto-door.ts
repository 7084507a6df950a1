/** A door before moto that answers what moto leaves out: wrong credentials, throttling, changes that are under way, zones below a zone. */
import { createServer, request as forward, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Ends } from './bench.ts';

const NAMESPACE = 'https://route53.amazonaws.com/doc/2013-04-01/';
const CHANGE_PATH = /^\/2013-04-01\/change\/([^/?]+)/;

export interface Door {
  readonly url: string;
  /** How many calls there were. */
  calls(): number;
  /** How often a role was asked for. */
  assumedRoles(): number;
  /** The next call, and only that. */
  refuseOnce(status: number, code: string, message: string): void;
  refuseAll(status: number, code: string, message: string): void;
  /** Changes are PENDING from now on, or what moto says again. */
  hold(pending: boolean): void;
}

/** Passes everything else on to `port`. */
export async function startDoor(ends: Ends, port: number): Promise<Door> {
  let always: (() => Answer) | undefined;
  let once: (() => Answer) | undefined;
  let isHolding = false;
  let roles = 0;
  let calls = 0;
  const server = createServer((incoming, outgoing) => {
    const { method, headers } = incoming;
    // With a name moto lists that one zone; the API begins there, and goes on with what is below it.
    const path = (incoming.url ?? '').replace(/(hostedzonesbyname\?(?:.*&)?)dnsname=[^&]*/, '$1');
    calls += 1;
    const refusal = once ?? always;
    once = undefined;
    const [, changeId] = CHANGE_PATH.exec(path) ?? [];
    if (path === '/') roles += 1; // Route 53 has paths; STS has none.
    const own = refusal?.() ?? (isHolding && changeId !== undefined ? pending(changeId) : undefined);
    if (own !== undefined) {
      incoming.resume();
      send(outgoing, own);
      return;
    }
    const onward = forward({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  ends.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: () => calls,
    assumedRoles: () => roles,
    refuseOnce: (...refusal) => {
      once = () => problem(...refusal);
    },
    refuseAll: (...refusal) => {
      always = () => problem(...refusal);
    },
    hold: (held) => {
      isHolding = held;
    },
  };
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

function send(outgoing: ServerResponse, { status, body }: Answer): void {
  outgoing.writeHead(status, { 'content-type': 'text/xml' }).end(`<?xml version="1.0"?>${body}`);
}

function problem(status: number, code: string, message: string): Answer {
  const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>`;
  return {
    status,
    body: `<ErrorResponse xmlns="${NAMESPACE}">${error}<RequestId>1</RequestId></ErrorResponse>`,
  };
}

function pending(id: string): Answer {
  const info = `<Id>/change/${id}</Id><Status>PENDING</Status><SubmittedAt>2026-01-01T00:00:00Z</SubmittedAt>`;
  return {
    status: 200,
    body: `<GetChangeResponse xmlns="${NAMESPACE}"><ChangeInfo>${info}</ChangeInfo></GetChangeResponse>`,
  };
}
