import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import { PROGRAM } from '../contract/names.ts';
import { EventStream } from '../http/event-stream.ts';
import type { Clock } from '../kubernetes/clock.ts';
import type { Logger } from './log.ts';

/** What the server tells about. All of it is asked for anew with each request; nothing may block. */
export interface HttpSources {
  /** Not ok: the process is stuck and should be restarted. */
  health(): { readonly ok: boolean; readonly reason: string };
  ready(): { readonly ok: boolean; readonly reasons: readonly string[] };
  /** Anything that JSON can hold, without secrets. */
  status(): unknown;
  /** Calls `listener` after each change of the status until the returned function is called. */
  onChange(listener: () => void): () => void;
  /** Prometheus text. */
  metrics(): Promise<string>;
}

export interface HttpOptions {
  /** 0: a free one. */
  readonly port: number;
  readonly sources: HttpSources;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface HttpServer {
  readonly port: number;
  /** Resolves when the last connection is closed, after the signal aborted. */
  readonly closed: Promise<void>;
}

const LIMITS = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  maxHeaderSize: 8_192,
  keepAliveTimeout: 75_000,
};
const MAX_CONNECTIONS = 256;
/** Each holds a connection; this is far more than dashboards need, and leaves room for the rest. */
const MAX_EVENT_CLIENTS = 64;
/** Answers are short: who has not taken one by then is gone. */
const DRAIN_MS = 2_000;

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** Serves until `signal` aborts. Rejects when the port cannot be had. */
export async function startHttp(options: HttpOptions, signal: AbortSignal): Promise<HttpServer> {
  const { port, sources, clock, log } = options;
  const state = () => JSON.stringify(sources.status());
  const events = new EventStream(clock, state(), MAX_EVENT_CLIENTS);
  const unsubscribe = sources.onChange(() => {
    try {
      events.publish(state());
    } catch (err) {
      // Whoever told of the change must not fail because somebody watches.
      log.error({ err }, 'Status cannot be shown');
    }
  });
  const server = createServer(LIMITS, application(options, events, signal));
  server.maxConnections = MAX_CONNECTIONS;
  const stop = () => {
    unsubscribe();
    events.close();
  };
  try {
    await listen(server, port);
  } catch (error) {
    stop();
    throw error;
  }
  server.on('error', (err) => log.error({ err }, 'HTTP server failed'));
  return { port: (server.address() as AddressInfo).port, closed: closeOn(signal, server, clock, stop) };
}

function application(
  { sources, log }: Pick<HttpOptions, 'sources' | 'log'>,
  events: EventStream,
  stopping: AbortSignal,
): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.use(readOnly(stopping));
  app.get('/healthz', (_request, response) => {
    const { ok, reason } = sources.health();
    response
      .status(ok ? 200 : 503)
      .type('text')
      .send(`${ok ? 'ok' : reason}\n`);
  });
  app.get('/readyz', (_request, response) => {
    const { ok, reasons } = sources.ready();
    const lines = ok ? [{ ready: ok }] : reasons.map((reason) => ({ ready: ok, reason }));
    const body = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    response
      .status(ok ? 200 : 503)
      .type('application/x-ndjson')
      .send(body);
  });
  app.get('/metrics', async (_request, response) => {
    response.type('text/plain; version=0.0.4; charset=utf-8').send(await sources.metrics());
  });
  app.get('/api/status', (_request, response) => {
    response.json(sources.status());
  });
  app.get('/api/events', (request, response) => {
    if (request.method === 'HEAD') response.type('text/event-stream').end();
    else if (!events.add(response)) {
      response.status(503).set('retry-after', '10').type('text').send('too many clients are listening\n');
    }
  });
  app.get('/', (_request, response) => {
    const paths = ['/healthz', '/readyz', '/metrics', '/api/status', '/api/events'];
    response.type('text').send(`${PROGRAM}\n\n${paths.join('\n')}\n`);
  });
  app.use((_request, response) => {
    response.status(404).type('text').send('not found\n');
  });
  app.use(onFailure(log));
  return app;
}

/** Nothing here takes a body: what comes with one is refused and its connection closed, unread. */
function readOnly(stopping: AbortSignal): RequestHandler {
  return (request, response, next) => {
    response.set(HEADERS);
    const reading = request.method === 'GET' || request.method === 'HEAD';
    const hasBody =
      request.headers['transfer-encoding'] !== undefined ||
      Number(request.headers['content-length'] ?? 0) > 0;
    if (stopping.aborted || !reading || hasBody) response.set('connection', 'close');
    if (!reading) response.status(405).set('allow', 'GET, HEAD').type('text').send('only GET and HEAD\n');
    else if (hasBody) response.status(413).type('text').send('no request body is read here\n');
    else next();
  };
}

function onFailure(log: Logger): ErrorRequestHandler {
  return (err: unknown, request, response, next) => {
    log.error({ err, path: request.path }, 'HTTP request failed');
    if (response.headersSent) next(err);
    else response.status(500).type('text').send('internal error\n');
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException) => reject(bindError(error, port));
    server.once('error', refused);
    server.listen(port, () => {
      server.off('error', refused);
      resolve();
    });
  });
}

function bindError(error: NodeJS.ErrnoException, port: number): Error {
  const what = {
    EADDRINUSE: 'another program has it; stop that one or set HTTP_PORT to a free port',
    EACCES: 'it needs privileges; set HTTP_PORT to a port above 1023',
  }[error.code ?? ''];
  return new Error(`the HTTP server cannot listen on port ${port}${what === undefined ? '' : `: ${what}`}`, {
    cause: error,
  });
}

/** Takes no new connection, lets the answers under way end, then closes what is left. */
async function closeOn(signal: AbortSignal, server: Server, clock: Clock, stop: () => void): Promise<void> {
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }
  const closed = new Promise((resolve) => server.close(resolve));
  stop();
  const cancel = clock.after(DRAIN_MS, () => server.closeAllConnections());
  await closed;
  cancel();
}
