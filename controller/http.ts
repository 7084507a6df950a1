import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import { EventStream } from '../http/event-stream.ts';
import {
  aborted,
  closeServer,
  listen,
  type ProbeSources,
  READER_LIMITS,
  readerApplication,
} from '../http/serving.ts';
import type { Clock } from '../kubernetes/clock.ts';
import type { Logger } from './log.ts';
import { addPage } from './page/routes.ts';

/** What the server tells about. All of it is asked for anew with each request; nothing may block. */
export interface HttpSources extends ProbeSources {
  /** Anything that JSON can hold, without secrets. */
  status(): unknown;
  /** The same as a page: HTML. */
  page(): string;
  /** Calls `listener` after each change of the status until the returned function is called. */
  onChange(listener: () => void): () => void;
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

const MAX_CONNECTIONS = 256;
/** Each holds a connection; this is far more than dashboards need, and leaves room for the rest. */
const MAX_EVENT_CLIENTS = 64;
/** Answers are short: who has not taken one by then is gone. */
const DRAIN_MS = 2_000;

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
  const server = createServer(
    READER_LIMITS,
    readerApplication(sources, log, signal, (app) => addRoutes(app, sources, events)),
  );
  server.maxConnections = MAX_CONNECTIONS;
  const stop = () => {
    unsubscribe();
    events.close();
  };
  try {
    await listen(server, port, 'HTTP_PORT');
  } catch (error) {
    stop();
    throw error;
  }
  server.on('error', (err) => log.error({ err }, 'HTTP server failed'));
  const closed = aborted(signal).then(() => {
    stop();
    return closeServer(server, clock, DRAIN_MS);
  });
  return { port: (server.address() as AddressInfo).port, closed };
}

function addRoutes(app: Express, sources: HttpSources, events: EventStream): void {
  app.get('/api/status', (_request, response) => {
    response.json(sources.status());
  });
  app.get('/api/events', (request, response) => {
    if (request.method === 'HEAD') response.type('text/event-stream').end();
    else if (!events.add(response)) {
      response.status(503).set('retry-after', '10').type('text').send('too many clients are listening\n');
    }
  });
  addPage(app, () => sources.page());
}
