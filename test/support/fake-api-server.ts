import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import { type Authority, createAuthority } from './certificates.ts';
import { kubeconfig } from './kubeconfig.ts';
import { listenOnLoopback } from './loopback.ts';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The number of the connection it came by, counted from 1. */
  readonly connection: number;
}

/** `hang`: no headers ever. `reset`: the connection is cut instead of an answer. A function answers by itself. */
export type Reply =
  | { readonly status?: number; readonly json: unknown; readonly headers?: Readonly<Record<string, string>> }
  | { readonly status?: number; readonly text: string }
  | 'hang'
  | 'reset'
  | WatchReply
  | ((response: ServerResponse) => void);

/** 200 and pieces of text as they are, each in a write of its own; then silence, a proper end or a cut. */
export interface WatchReply {
  readonly pieces: readonly string[];
  readonly ending: 'silence' | 'end' | 'cut';
}

/** A watch with one event a line. */
export function watchReply(events: readonly unknown[], ending: WatchReply['ending']): WatchReply {
  return { pieces: events.map((event) => `${JSON.stringify(event)}\n`), ending };
}

/** Speaks TLS and HTTP like an API server, and answers each request with what the test says. */
export class FakeApiServer {
  /** Set by the test. */
  reply: (request: SeenRequest) => Reply = () => ({ json: {} });
  readonly requests: SeenRequest[] = [];
  readonly authority: Authority;
  readonly kubeconfig: string;
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Map<Socket, number>();
  #connections = 0;

  private constructor(server: Server, authority: Authority, url: string, text: string) {
    this.#server = server;
    this.authority = authority;
    this.url = url;
    this.kubeconfig = text;
    server.on('secureConnection', (socket: Socket) => this.#accept(socket));
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  static async start(): Promise<FakeApiServer> {
    const authority = await createAuthority();
    const [own, user] = await Promise.all([
      authority.issue({ name: 'fake', ips: ['127.0.0.1'] }),
      authority.issue({ name: 'test' }),
    ]);
    const server = createServer({ cert: own.certificate, key: own.key });
    server.keepAliveTimeout = 0; // As an API server: an idle connection is not closed under a client's feet.
    const url = `https://127.0.0.1:${await listenOnLoopback(server)}`;
    const text = kubeconfig({ server: url, authority: authority.certificate, user, namespace: 'here' });
    return new FakeApiServer(server, authority, url, text);
  }

  /** Forgets what was asked, and what to answer. */
  reset(): void {
    this.reply = () => ({ json: {} });
    this.requests.length = 0;
    this.#connections = 0;
  }

  /** Connections made since the start or the last reset. */
  get connections(): number {
    return this.#connections;
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  /** Breaks every connection. */
  cut(): void {
    for (const socket of this.#sockets.keys()) socket.destroy();
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.cut();
    if (this.#server.listening) await once(this.#server, 'close');
  }

  #accept(socket: Socket): void {
    this.#connections += 1;
    this.#sockets.set(socket, this.#connections);
    socket.on('close', () => this.#sockets.delete(socket));
    // A client that goes away in the middle is no failure of the server.
    socket.on('error', () => socket.destroy());
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '/', this.url);
    const seen = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
      connection: this.#sockets.get(request.socket) ?? 0,
    };
    this.requests.push(seen);
    const reply = this.reply(seen);
    if (reply === 'hang') return;
    if (reply === 'reset') request.socket.destroy();
    else if (typeof reply === 'function') reply(response);
    else if ('pieces' in reply) await stream(reply, response);
    else if ('text' in reply) response.writeHead(reply.status ?? 200).end(reply.text);
    else {
      response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers });
      response.end(JSON.stringify(reply.json));
    }
  }
}

async function stream({ pieces, ending }: WatchReply, response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  for (const piece of pieces) await new Promise((resolve) => response.write(piece, resolve));
  if (ending === 'end') response.end();
  if (ending === 'cut') response.destroy();
}
