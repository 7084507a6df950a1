/** A proxy in front of an API server that is transparent until it is told to misbehave. */
import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request as httpsRequest, type Server } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { TLSSocket } from 'node:tls';
import type { ControlPlaneAccess } from './control-plane-access.ts';
import { freePort } from './ports.ts';
import { answerErrorEvent, answerFailure } from './proxy/answers.ts';
import { type Match, matches, type Target, targetOf } from './proxy/target.ts';

/**
 * answer: this HTTP status, at once. error-event: for watches, HTTP 200 and an ERROR event with this code.
 * hang: no answer ever. hold: it is passed on when the fault is taken back, as a slow network would. silence: for watches, those under way included: the connection stays open and nothing more
 * comes, not even an end, also after the fault has been taken back.
 */
export type Fault =
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfterSeconds?: number }
  | { readonly kind: 'error-event'; readonly code: number }
  | { readonly kind: 'hang' }
  | { readonly kind: 'hold' }
  | { readonly kind: 'silence' };

interface Entry {
  readonly match: Match;
  readonly fault: Fault;
  /** Resolves when the fault is taken back. */
  readonly over: Promise<void>;
}

interface Exchange {
  readonly target: Target;
  silent: boolean;
}

/** They are about one connection, and there are two. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'host'];

export async function startFaultProxy(plane: ControlPlaneAccess): Promise<FaultProxy> {
  const port = await freePort();
  const { certificate: cert, key } = await plane.authority.issue({ name: 'fault-proxy', ips: ['127.0.0.1'] });
  const server = createServer({
    cert,
    key,
    ca: plane.authority.certificate,
    requestCert: true,
    rejectUnauthorized: false, // Those without a certificate bring a token, or are anonymous to the API server too.
    requestTimeout: 0, // A hanging request hangs until its client gives up.
  });
  server.keepAliveTimeout = 0; // As an API server: an idle connection is never closed under a client's feet.
  const proxy = new FaultProxy(plane, server, port);
  await proxy.open();
  return proxy;
}

export class FaultProxy {
  readonly url: string;
  readonly #server: Server;
  readonly #port: number;
  readonly #upstream: URL;
  readonly #asAdmin: Agent;
  readonly #asNobody: Agent;
  readonly #faults = new Set<Entry>();
  readonly #exchanges = new Set<Exchange>();
  readonly #seen = new Map<string, { target: Target; times: number }>();

  /** Use startFaultProxy. */
  constructor(plane: ControlPlaneAccess, server: Server, port: number) {
    this.url = `https://127.0.0.1:${port}`;
    this.#server = server;
    this.#port = port;
    this.#upstream = new URL(plane.url);
    const ca = plane.authority.certificate;
    this.#asAdmin = new Agent({ ca, cert: plane.admin.certificate, key: plane.admin.key, keepAlive: true });
    this.#asNobody = new Agent({ ca, keepAlive: true });
    server.on('request', (request, response) => void this.#handle(request, response));
    // One whose handshake was under way when the server closed is none of its connections yet, and would stay for ever.
    server.on('secureConnection', (socket) => {
      if (!server.listening) socket.destroy();
    });
  }

  /** Begins a fault; the returned function takes it back. Of several that match, the first one begun counts. */
  inject(match: Match, fault: Fault): () => void {
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const entry = { match, fault, over };
    this.#faults.add(entry);
    if (fault.kind === 'silence') {
      for (const exchange of this.#exchanges) {
        if (exchange.target.verb === 'watch' && matches(match, exchange.target)) exchange.silent = true;
      }
    }
    return () => {
      this.#faults.delete(entry);
      resolve();
    };
  }

  /** How many requests have come that match, those included that a fault met. */
  count(match: Match): number {
    const found = [...this.#seen.values()].filter(({ target }) => matches(match, target));
    return found.reduce((sum, { times }) => sum + times, 0);
  }

  /** Breaks every connection; new ones are accepted. */
  cut(): void {
    this.#server.closeAllConnections();
  }

  /** Breaks every connection and refuses new ones. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  /** Accepts connections again, at the same address. */
  async open(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** For good. */
  async stop(): Promise<void> {
    await this.close();
    this.#asAdmin.destroy();
    this.#asNobody.destroy();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = targetOf(request.method ?? '', request.url ?? '');
    this.#note(target);
    const { fault, over } = this.#faultFor(target) ?? {};
    if (fault?.kind === 'answer') return answerFailure(response, fault.status, fault.retryAfterSeconds);
    if (fault?.kind === 'error-event') return answerErrorEvent(response, fault.code);
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'hold') await over;
    const exchange = { target, silent: fault?.kind === 'silence' };
    this.#exchanges.add(exchange);
    try {
      await this.#forward(request, response, exchange);
    } catch {
      response.destroy(); // One side broke off, and so does the other: a proxy that is not there would do no more.
    } finally {
      this.#exchanges.delete(exchange);
    }
  }

  #note(target: Target): void {
    const key = JSON.stringify(target);
    const times = this.#seen.get(key)?.times ?? 0;
    this.#seen.set(key, { target, times: times + 1 });
  }

  #faultFor(target: Target): Entry | undefined {
    for (const entry of this.#faults) {
      const { match, fault } = entry;
      const isForWatches = fault.kind === 'silence' || fault.kind === 'error-event';
      if (matches(match, target) && (target.verb === 'watch' || !isForWatches)) return entry;
    }
    return undefined;
  }

  async #forward(request: IncomingMessage, response: ServerResponse, exchange: Exchange): Promise<void> {
    const user = impersonation(request);
    const upstream = httpsRequest({
      host: this.#upstream.hostname,
      port: this.#upstream.port,
      method: request.method,
      path: request.url,
      headers: { ...endToEnd(request.headers), ...user },
      agent: user === undefined ? this.#asNobody : this.#asAdmin,
    });
    response.once('close', () => upstream.destroy());
    const answered = once(upstream, 'response') as Promise<[IncomingMessage]>;
    const [[answer]] = await Promise.all([answered, pipeline(request, upstream)]);
    response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers));
    response.flushHeaders();
    const audible = async function* (source: AsyncIterable<Buffer>) {
      for await (const chunk of source) if (!exchange.silent) yield chunk;
      if (exchange.silent) await once(response, 'close');
    };
    await pipeline(answer, audible, response);
  }
}

function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name)));
}

/** A client's certificate ends at the proxy, so the user that it names is passed on as the administrator's word. */
function impersonation({ socket }: IncomingMessage): Record<string, string | string[]> | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  // One that is named several times comes as a list, which the types do not know.
  const { CN, O } = socket.getPeerCertificate().subject as { CN: string; O?: string | string[] };
  return { 'impersonate-user': CN, ...(O === undefined ? {} : { 'impersonate-group': O }) };
}
