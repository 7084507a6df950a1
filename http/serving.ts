import type { Server } from 'node:http';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import { Cached } from './cached.ts';
import { isOwnHost } from './hosts.ts';
import { hasBody } from './messages.ts';
import { type BoundedServer, listen } from './server.ts';

/** What the kubelet and Prometheus ask for. Nothing may block. */
export interface ProbeSources {
  /** Not ok: the process is stuck and should be restarted. */
  health(): { readonly ok: boolean; readonly reason: string };
  ready(): { readonly ok: boolean; readonly reasons: readonly string[] };
  /** Prometheus text. */
  metrics(): Promise<string>;
}

/** Of a server that answers probes, dashboards and little else. */
export const READER_LIMITS = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  maxHeaderSize: 8_192,
  keepAliveTimeout: 75_000,
  bodies: 'none',
} as const;

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

export interface ReaderOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Names by which it may be asked, beside those that can only be our own. */
  readonly hosts: readonly string[];
}

/** Serves `/healthz`, `/readyz`, `/metrics` and what `addRoutes` adds; everything else is 404. Only for reading. */
export function readerApplication(
  sources: ProbeSources,
  { clock, log, hosts }: ReaderOptions,
  stopping: AbortSignal,
  addRoutes: (app: Express) => void = () => undefined,
): Express {
  const app = bareApplication();
  const metrics = new Cached(clock, async () => Buffer.from(await sources.metrics()));
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
  // Not before: a kubelet may be configured with any host, and health is no secret.
  app.use(onlyOwnHosts(hosts));
  app.get('/metrics', async (_request, response) => {
    response.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics.get());
  });
  addRoutes(app);
  app.use((_request, response) => {
    response.status(404).type('text').send('not found\n');
  });
  app.use(onFailure(log));
  return app;
}

/** Express without what says that it is Express. */
function bareApplication(): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  return app;
}

/** Nothing here takes a body: what comes with one is refused and its connection closed, unread. */
function readOnly(stopping: AbortSignal): RequestHandler {
  return (request, response, next) => {
    response.set(HEADERS);
    const reading = request.method === 'GET' || request.method === 'HEAD';
    const withBody = hasBody(request.headers);
    if (stopping.aborted || !reading || withBody) response.set('connection', 'close');
    if (!reading) response.status(405).set('allow', 'GET, HEAD').type('text').send('only GET and HEAD\n');
    else if (withBody) response.status(413).type('text').send('no request body is read here\n');
    else next();
  };
}

function onlyOwnHosts(hosts: readonly string[]): RequestHandler {
  return ({ headers }, response, next) => {
    if (isOwnHost(headers.host, hosts)) next();
    else response.status(421).type('text').send(`not served as ${headers.host}; HTTP_HOSTS can name it\n`);
  };
}

/** The last handler: a defect goes to the log and not to the client. */
export function onFailure(log: Logger): ErrorRequestHandler {
  return (err: unknown, request, response, next) => {
    log.error({ err, path: request.path }, 'HTTP request failed');
    if (response.headersSent) next(err);
    else response.status(500).type('text').send('internal error\n');
  };
}

/** `variable` is the setting of the port. Rejects with what to do when the port cannot be had. */
export async function listenAt(server: BoundedServer<Server>, port: number, variable: string): Promise<void> {
  try {
    await listen(server, { port });
  } catch (error) {
    throw bindError(error as NodeJS.ErrnoException, port, variable);
  }
}

function bindError(error: NodeJS.ErrnoException, port: number, variable: string): Error {
  const what = {
    EADDRINUSE: `another program has it; stop that one or set ${variable} to a free port`,
    EACCES: `it needs privileges; set ${variable} to a port above 1023`,
  }[error.code ?? ''];
  return new Error(`the HTTP server cannot listen on port ${port}${what === undefined ? '' : `: ${what}`}`, {
    cause: error,
  });
}
