import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { SIDECAR_PATHS } from '../contract/sidecar.ts';
import type { EventStream } from '../http/event-stream.ts';
import { isOwnHost } from '../http/hosts.ts';
import { type BoundedServer, createBoundedServer, listen } from '../http/server.ts';
import type { View } from './answer.ts';

export interface Sources {
  readonly view: () => View;
  readonly metrics: () => string;
  readonly events: EventStream;
}

type Respond = (response: ServerResponse, query: string) => void;
/** By the path. */
export type Routes = Readonly<Record<string, Respond>>;

/** For the application: it may keep a connection for each of its workers, and one to listen by. */
export function appRoutes({ view, events }: Sources): Routes {
  return {
    ...commonRoutes(view),
    [SIDECAR_PATHS.active](response, query) {
      const { answer } = view();
      // Without a line end, so that it can be compared as it is.
      if (new URLSearchParams(query).get('format') === 'text') send(response, 200, String(answer.active));
      else send(response, 200, JSON.stringify(answer), 'application/json');
    },
    [SIDECAR_PATHS.events]: (response) => events.add(response),
  };
}

/** For the kubelet and for Prometheus. */
export function probeRoutes({ view, metrics }: Sources): Routes {
  return {
    ...commonRoutes(view),
    [SIDECAR_PATHS.metrics]: (response) => send(response, 200, metrics()),
  };
}

function commonRoutes(view: Sources['view']): Routes {
  return {
    [SIDECAR_PATHS.healthz]: (response) => send(response, 200, 'ok\n'),
    [SIDECAR_PATHS.ready](response) {
      const { answer, why } = view();
      send(response, answer.active ? 200 : 503, `${why}\n`);
    },
  };
}

function send(
  response: ServerResponse,
  status: number,
  body: string,
  type = 'text/plain; charset=utf-8',
): void {
  const headers = {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  };
  response.writeHead(status, headers).end(body);
}

function route(
  routes: Routes,
  { method = '', url = '', headers }: IncomingMessage,
  response: ServerResponse,
): void {
  const [path = '', query = ''] = url.split('?', 2);
  const respond = method === 'GET' ? routes[path] : undefined;
  if (!isOwnHost(headers.host)) send(response, 421, 'not served under this host name\n');
  else if (respond === undefined) send(response, 404, 'not found\n');
  else respond(response, query);
}

export interface ServerOptions {
  readonly port: number;
  /** Undefined: every address. */
  readonly host: string | undefined;
  readonly keepAliveTimeout: number;
  /** With those that listen to events. */
  readonly maxConnections: number;
  /** Milliseconds for the head of a request. */
  readonly headersTimeout: number;
}

const LIMITS = { requestTimeout: 5_000, maxHeaderSize: 8_192, bodies: 'none' } as const;

/** Rejects when it cannot listen. */
export async function startServer(
  routes: Routes,
  { port, host, ...limits }: ServerOptions,
): Promise<BoundedServer<Server>> {
  const server = createBoundedServer({ ...LIMITS, ...limits }, (request, response) =>
    route(routes, request, response),
  );
  await listen(server, { port, host });
  return server;
}
