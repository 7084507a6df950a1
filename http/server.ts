import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo, ListenOptions, Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import type { Clock } from '../runtime/clock.ts';
import { afterClientHello } from './client-hello.ts';
import { Connections } from './connections.ts';
import { HandshakeQueue } from './handshake-queue.ts';
import { answerUnparsed, type Bodies, messageClass } from './messages.ts';

/** Times in milliseconds. */
export interface Limits {
  readonly maxConnections: number;
  /** Until the head of a request has come; also that of the first one after the connection. */
  readonly headersTimeout: number;
  /** Until all of it has. */
  readonly requestTimeout: number;
  /** Between two requests. */
  readonly keepAliveTimeout: number;
  readonly maxHeaderSize: number;
  readonly bodies: Bodies;
}

/** Whoever has not taken anything of an answer for so long is gone. Above the heartbeat of an event stream. */
const STUCK_ANSWER_MS = 30_000;

export interface BoundedServer<S extends Server> {
  readonly server: S;
  readonly connections: Connections;
}

/**
 * A server before which a stranger can neither hold up the event loop by one packet nor keep others out: one request at
 * a time of each connection, as many connections as `limits` say, and of these the silent ones go first.
 */
export function createBoundedServer(limits: Limits, handle: RequestListener): BoundedServer<Server> {
  const connections = new Connections(limits.maxConnections);
  const server = createServer(optionsFor(limits, connections));
  return { server: withLimits(server, connections, handle), connections };
}

export function createBoundedTlsServer(
  limits: Limits,
  tls: TlsOptions,
  clock: Clock,
  handle: RequestListener,
): BoundedServer<TlsServer> {
  const connections = new Connections(limits.maxConnections);
  // Read by ourselves until there is a hello.
  const server = createTlsServer({ ...tls, ...optionsFor(limits, connections), pauseOnConnect: true });
  beginInTurn(server, clock);
  server.on('secureConnection', (socket) => connections.secure(socket));
  return { server: withLimits(server, connections, handle), connections };
}

/** Node's own listener, with which a handshake begins, is called by the queue. */
function beginInTurn(server: TlsServer, clock: Clock): void {
  const queue = new HandshakeQueue(clock);
  const begin = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    queue.took();
    // A handshake that has begun is computed as soon as the hello is there, and those of a thousand may come at once.
    afterClientHello(socket, clock, () =>
      queue.add(socket, () => {
        for (const listener of begin) listener.call(server, socket);
      }),
    );
  });
}

function optionsFor(limits: Limits, connections: Connections) {
  const { bodies, maxConnections: _, ...others } = limits;
  return {
    ...others,
    connectionsCheckingInterval: 1_000,
    IncomingMessage: messageClass(connections, bodies),
  } satisfies ServerOptions;
}

function withLimits<S extends Server>(server: S, connections: Connections, handle: RequestListener): S {
  const handleOne: RequestListener = (request, response) => {
    connections.answer(request.socket, response);
    handle(request, response);
  };
  server.timeout = STUCK_ANSWER_MS;
  server.on('connection', (socket: Socket) => connections.add(socket));
  server.on('request', handleOne);
  // Who asks first whether a body may come gets its answer instead; any other expectation is not looked at.
  server.on('checkContinue', handleOne);
  server.on('checkExpectation', handleOne);
  server.on('upgrade', answerUnparsed(handle));
  return server;
}

/**
 * Connections that the kernel keeps for us. When strangers fill that, it drops a probe's as well, which then comes again
 * after a second.
 */
const BACKLOG = 4_096;

/** Rejects with the system's error when the port cannot be had. */
export function listen({ server }: BoundedServer<Server>, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ backlog: BACKLOG, ...options }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

export function portOf({ server }: BoundedServer<Server>): number {
  return (server.address() as AddressInfo).port;
}

/** Takes no new connection, lets the answers under way end, and after `drainMs` closes what is left. */
export async function closeServer(
  { server, connections }: BoundedServer<Server>,
  clock: Clock,
  drainMs: number,
): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  // Those that node knows are not all: a TLS handshake may not have ended yet.
  const cancel = clock.after(drainMs, () => connections.endAll());
  await closed;
  cancel();
}
