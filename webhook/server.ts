import type { IncomingHttpHeaders } from 'node:http';
import type { Server } from 'node:https';
import { MIMEType, TextDecoder } from 'node:util';
import type express from 'express';
import type { ErrorRequestHandler, Express, RequestHandler } from 'express';
import { closeServer, createGuardedTlsServer, type Guarded, portOf } from '../http/server.ts';
import { aborted, bareApplication, listenAt, onFailure } from '../http/serving.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import type { Callers } from './callers.ts';
import type { Pair } from './certificates/authority.ts';
import { ReviewTurns } from './review-turns.ts';
import { BodyGatherer, UnreadableBody } from './server-body.ts';

/** What a review came to: the answer, or why it is none. */
export type Reviewed =
  | { readonly kind: 'answered'; readonly answer: object }
  | { readonly kind: 'malformed'; readonly problem: string };

export interface AdmissionServerOptions {
  /** 0: a free one. */
  readonly port: number;
  readonly path: string;
  /** Pure and quick; must not throw, whatever it is given. */
  readonly review: (body: unknown) => Reviewed;
  /** Undefined: whoever reaches the port may ask. */
  readonly callers?: Callers | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** Milliseconds from the stop signal during which new connections are still taken: until no client comes any more. */
  readonly lingerMs: number;
  readonly onAnswer: (seconds: number) => void;
  /** A request that was no review. */
  readonly onRefused: (status: number) => void;
}

export interface AdmissionServer {
  readonly port: number;
  /** From now on new connections see this certificate; those that are open stay. */
  use(pair: Pair): void;
  readonly connections: number;
  /** Resolves when the last connection is closed, after the signal aborted. */
  readonly closed: Promise<void>;
}

/** An object has at most 1.5 MiB in etcd, and an UPDATE carries the old one and the new one. */
const MAX_BODY = 4 * 1_024 * 1_024;
/** Of all bodies on their way. Reviews are mostly of some 10 kB, and come whole at once. */
const MAX_BODIES = 64_000_000;
/** A review is answered in milliseconds: what is not done by then has lost its client. */
const DRAIN_MS = 5_000;
const REFUSALS_SAID_MS = 60_000;

const TLS = { minVersion: 'TLSv1.2', handshakeTimeout: 5_000 } as const;

const LIMITS = {
  maxConnections: 512,
  headersTimeout: 5_000,
  // The API server waits for 5 s by our own configuration.
  requestTimeout: 10_000,
  maxHeaderSize: 16_384,
  // Above the 90 s after which the API server closes an idle connection itself, so that we never close one under it.
  keepAliveTimeout: 120_000,
  bodies: 'with-length',
} as const;

/** Serves until `signal` aborts. Before the first certificate every handshake fails. Rejects when the port is taken. */
export async function startAdmissionServer(
  options: AdmissionServerOptions,
  signal: AbortSignal,
): Promise<AdmissionServer> {
  const { port, callers, clock, log } = options;
  const wantsCertificate = callers !== undefined;
  const guarded = createGuardedTlsServer(
    LIMITS,
    { ...TLS, requestCert: wantsCertificate, rejectUnauthorized: wantsCertificate },
    clock,
    application(options, signal),
  );
  const { server, connections } = guarded;
  const sayRefused = atMostEvery(REFUSALS_SAID_MS, clock, (reason: string) =>
    log.warn(
      { reason },
      'a caller without a certificate of the authority in WEBHOOK_CLIENT_CA_FILE was refused',
    ),
  );
  server.on('tlsClientError', (err: NodeJS.ErrnoException, { authorizationError }) => {
    // OpenSSL itself refuses who shows none, Node who shows one of another authority.
    if (err.code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE') sayRefused('it showed none');
    else if (authorizationError) sayRefused(String(authorizationError));
    else log.debug({ err }, 'TLS handshake failed');
  });
  let served: Pair | undefined;
  const use = (pair: Pair | undefined) => {
    served = pair;
    if (pair === undefined) return;
    const { certificate: cert, key } = pair;
    server.setSecureContext({
      cert,
      key,
      minVersion: TLS.minVersion,
      ...(callers && { ca: callers.authority }),
    });
  };
  if (callers !== undefined) callers.onAuthority = () => use(served);
  await listenAt(guarded, port, 'WEBHOOK_PORT');
  server.on('error', (err) => log.error({ err }, 'admission server failed'));
  return {
    port: portOf(guarded),
    use,
    get connections() {
      return connections.size;
    },
    closed: drain(guarded, clock, options.lingerMs, signal),
  };
}

function application(options: AdmissionServerOptions, stopping: AbortSignal): Express {
  const { path, review, callers, clock, log, onAnswer, onRefused } = options;
  const app = bareApplication();
  app.use(counted(onRefused), closing(stopping));
  if (callers !== undefined) app.use(onlyCallers(callers));
  const bodies = new BodyGatherer({ maxBody: MAX_BODY, maxTotal: MAX_BODIES });
  const turns = new ReviewTurns(clock);
  app.post(path, onlyJson, withLength, async (request, response) => {
    const decoder = decoderFor(request.headers);
    const gathered = await bodies.gather(request);
    await turns.next(request.socket.remoteAddress ?? '', gathered.length);
    const bytes = gathered.take();
    // Nobody waits for the answer any more.
    if (request.socket.destroyed) return;
    const body = parsed(decoder.decode(bytes));
    const began = clock.elapsed();
    const reviewed = review(body);
    if (reviewed.kind === 'malformed') {
      response.status(400).type('text').send(`${reviewed.problem}\n`);
      return;
    }
    response.json(reviewed.answer);
    onAnswer((clock.elapsed() - began) / 1_000);
  });
  app.all(path, (_request, response) => {
    refuse(response, 405, 'only POST');
  });
  app.use((_request, response) => refuse(response, 404, 'not found'));
  app.use(onBadBody, onFailure(log));
  return app;
}

const refuse = (response: express.Response, status: number, text: string) => {
  // Whatever body comes is not read.
  response.status(status).set('connection', 'close').type('text').send(`${text}\n`);
};

function onlyCallers(callers: Callers): RequestHandler {
  return (request, response, next) => {
    const refusal = callers.refusal(request);
    if (refusal === undefined) next();
    else refuse(response, 403, refusal);
  };
}

/** Anybody can connect as often as they like: the log must not grow with it. */
function atMostEvery(ms: number, clock: Clock, say: (reason: string) => void): (reason: string) => void {
  let next = 0;
  return (reason) => {
    const now = clock.elapsed();
    if (now < next) return;
    next = now + ms;
    say(reason);
  };
}

const onlyJson: RequestHandler = (request, response, next) => {
  if (request.is('application/json') === 'application/json') next();
  else refuse(response, 415, 'only application/json');
};

/** As the API server always says it. A body in chunks could come in more pieces than bytes are worth. */
const withLength: RequestHandler = (request, response, next) => {
  if (request.headers['transfer-encoding'] === undefined) next();
  else refuse(response, 411, 'only with Content-Length');
};

/** Bodies are not unpacked: a small one could become a very large one. */
function decoderFor(headers: IncomingHttpHeaders): TextDecoder {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') throw new UnreadableBody(415, 'content encoding unsupported');
  const charset = new MIMEType(headers['content-type'] ?? '').params.get('charset') ?? 'utf-8';
  try {
    if (/^utf-/i.test(charset)) return new TextDecoder(charset);
  } catch {
    // One that it does not know, which is all that it throws for.
  }
  throw new UnreadableBody(415, `unsupported charset "${charset.toUpperCase()}"`);
}

function parsed(text: string): unknown {
  if (text === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UnreadableBody(400, (error as SyntaxError).message);
  }
  if (typeof value !== 'object' || value === null) throw new UnreadableBody(400, 'no JSON object');
  return value;
}

const onBadBody: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (!(error instanceof UnreadableBody) || response.headersSent) next(error);
  else refuse(response, error.status, `the body cannot be read: ${error.message}`);
};

function counted(onRefused: (status: number) => void): RequestHandler {
  return (_request, response, next) => {
    response.on('finish', () => {
      if (response.statusCode >= 400) onRefused(response.statusCode);
    });
    next();
  };
}

/** While stopping, each answer sends its client to another replica. */
function closing(stopping: AbortSignal): RequestHandler {
  return (_request, response, next) => {
    if (stopping.aborted) response.set('connection', 'close');
    next();
  };
}

/**
 * New connections come for a while after the stop: the list of a Service's endpoints takes its time to reach
 * everybody. A refused one would be a pod that cannot be created.
 */
async function drain(
  server: Guarded<Server>,
  clock: Clock,
  lingerMs: number,
  signal: AbortSignal,
): Promise<void> {
  await aborted(signal);
  await new Promise<void>((resolve) => clock.after(lingerMs, resolve));
  await closeServer(server, clock, DRAIN_MS);
}
