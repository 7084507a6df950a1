import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { SIDECAR_PATHS } from '../contract/sidecar.ts';
import type { EventStream } from '../http/event-stream.ts';
import type { Clock } from '../kubernetes/clock.ts';
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
    [SIDECAR_PATHS.events](response) {
      if (!events.add(response)) send(response, 503, 'too many clients are listening\n');
    },
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
  // Nothing here takes a body, and none is waited for.
  const hasBody = 'transfer-encoding' in headers || (headers['content-length'] ?? '0') !== '0';
  if (hasBody) response.setHeader('connection', 'close');
  const [path = '', query = ''] = url.split('?', 2);
  const respond = method === 'GET' ? routes[path] : undefined;
  if (respond === undefined) send(response, 404, 'not found\n');
  else respond(response, query);
}

export interface ServerOptions {
  readonly port: number;
  /** Undefined: every address. */
  readonly host: string | undefined;
  readonly keepAliveTimeout: number;
  /** Beside those that listen to events. */
  readonly maxConnections: number;
  /** Milliseconds for the head of a request; looked at each second. */
  readonly headersTimeout: number;
}

const LIMITS = {
  requestTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 8_192,
};

/** Rejects when it cannot listen. */
export async function startServer(routes: Routes, options: ServerOptions): Promise<Server> {
  /** The first one has been silent for the longest time. */
  const sockets = new Set<Socket>();
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    sockets.delete(request.socket);
    route(routes, request, response);
    if (response.writableEnded) sockets.add(request.socket);
  };
  // A client that asks first whether it may send a body gets its answer instead.
  const server = createServer({ ...LIMITS, ...options }, handle).on('checkContinue', handle);
  server.on('connection', (socket) => {
    socket.on('close', () => sockets.delete(socket));
    // Those who only connect must not keep out the kubelet: without its probe an active pod would leave its Services.
    const [silent] = sockets.add(socket);
    if (silent && sockets.size > options.maxConnections) {
      sockets.delete(silent);
      silent.destroy();
    }
  });
  server.listen(options);
  await once(server, 'listening');
  return server;
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** Answers are a few bytes: who has not taken one by then is gone. */
const DRAIN_MS = 500;

/** Takes no new connection, lets the answers under way end, then closes what is left. */
export async function closeServer(server: Server, clock: Clock): Promise<void> {
  const cancel = clock.after(DRAIN_MS, () => server.closeAllConnections());
  await new Promise((resolve) => server.close(resolve));
  cancel();
}
