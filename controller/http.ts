import type { Express } from 'express';
import { Cached } from '../http/cached.ts';
import { EventStream } from '../http/event-stream.ts';
import { closeServer, createBoundedServer, portOf } from '../http/server.ts';
import { listenAt, type ProbeSources, READER_LIMITS, readerApplication } from '../http/serving.ts';
import { aborted, type Clock } from '../runtime/clock.ts';
import type { Logger } from './log.ts';
import { addPage } from './page/routes.ts';

/** What the server serves. Nothing may block. */
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
  /** Names by which it may be asked, beside those that can only be our own. */
  readonly hosts: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
}

export interface HttpServer {
  readonly port: number;
  /** Resolves when the last connection is closed, after `abort` fires. */
  readonly closed: Promise<void>;
}

/** Each may ask once a turn of the event loop: fewer of them make the turn shorter. With those that listen. */
const MAX_CONNECTIONS = 128;
/** Each holds a connection; this is far more than dashboards need, and leaves room for the rest. */
const MAX_EVENT_CLIENTS = 64;
/** Answers are short: who has not taken one by then is gone. */
const DRAIN_MS = 2_000;

/** Serves until `abort` fires. Rejects when the port cannot be had. */
export async function startHttp(options: HttpOptions, abort: AbortSignal): Promise<HttpServer> {
  const { port, sources, hosts, clock, log } = options;
  const state = () => JSON.stringify(sources.status());
  const events = new EventStream(clock, state(), MAX_EVENT_CLIENTS);
  // As bytes: all who are slow to take an answer hold the same ones.
  const status = new Cached(clock, () => Buffer.from(state()));
  const page = new Cached(clock, () => Buffer.from(sources.page()));
  const unsubscribe = sources.onChange(() => {
    status.forget();
    page.forget();
    try {
      events.publish(state());
    } catch (err) {
      // A failing event stream must not fail the code that reported the change.
      log.error({ err }, 'status could not be served');
    }
  });
  const guarded = createBoundedServer(
    { ...READER_LIMITS, maxConnections: MAX_CONNECTIONS },
    readerApplication(sources, { clock, log, hosts }, abort, (app) =>
      addRoutes(app, { status, page, events }),
    ),
  );
  const stop = () => {
    unsubscribe();
    events.close();
  };
  try {
    await listenAt(guarded, port, 'HTTP_PORT');
  } catch (error) {
    stop();
    throw error;
  }
  guarded.server.on('error', (err) => log.error({ err }, 'HTTP server failed'));
  const closed = aborted(abort).then(() => {
    stop();
    return closeServer(guarded, clock, DRAIN_MS);
  });
  return { port: portOf(guarded), closed };
}

interface Answers {
  readonly status: Cached<Buffer>;
  readonly page: Cached<Buffer>;
  readonly events: EventStream;
}

function addRoutes(app: Express, { status, page, events }: Answers): void {
  app.get('/api/status', async (_request, response) => {
    response.type('json').send(await status.get());
  });
  app.get('/api/events', (request, response) => {
    if (request.method === 'HEAD') response.type('text/event-stream').end();
    else events.add(response);
  });
  addPage(app, () => page.get());
}
