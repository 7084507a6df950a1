import { EventEmitter, once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import { createAuthority } from '../../test/support/certificates.ts';
import { listenOnLoopback } from '../../test/support/loopback.ts';

/** What is there of the ConfigMap. */
export interface Stored {
  readonly uid: string;
  readonly data: Readonly<Record<string, string>>;
}

export interface Seen {
  readonly url: URL;
  readonly token: string;
  /** The number of the connection it came by, counted from 1. */
  readonly connection: number;
}

/** hang: no headers. A number: that status. Undefined: none, as an API server would. */
export type Misbehaviour = 'hang' | number | { readonly body: string } | undefined;

/** Lists and watches of one ConfigMap over TLS, as an API server serves them; misbehaves when told to. */
export class StatusServer {
  readonly seen: Seen[] = [];
  /** Asked for each request. */
  misbehave: (seen: Seen) => Misbehaviour = () => undefined;
  /** PEM text. */
  readonly ca: string;
  readonly port: number;
  readonly #server: Server;
  readonly #connections = new Map<Socket, number>();
  readonly #watches = new Set<ServerResponse>();
  readonly #news = new EventEmitter<{ watch: [] }>();
  #stored: Stored | undefined;
  #version = 100;
  #accepted = 0;

  private constructor(server: Server, port: number, ca: string) {
    this.#server = server;
    this.port = port;
    this.ca = ca;
    server.on('secureConnection', (socket: Socket) => {
      this.#accepted += 1;
      this.#connections.set(socket, this.#accepted);
      socket.on('close', () => this.#connections.delete(socket));
      socket.on('error', () => socket.destroy()); // A client that goes away is no failure of the server.
    });
    server.on('request', (request: IncomingMessage, response: ServerResponse) =>
      this.#answer(request, response),
    );
  }

  static async start(): Promise<StatusServer> {
    const authority = await createAuthority();
    const { certificate: cert, key } = await authority.issue({ name: 'api', ips: ['127.0.0.1'] });
    const server = createServer({ cert, key });
    server.keepAliveTimeout = 0; // As an API server: an idle connection is not closed under a client's feet.
    return new StatusServer(server, await listenOnLoopback(server), authority.certificate);
  }

  get watches(): number {
    return this.#watches.size;
  }

  /** Resolves when a watch stands. */
  async watched(): Promise<void> {
    while (this.#watches.size === 0) await once(this.#news, 'watch');
  }

  put(stored: Stored): void {
    const type = this.#stored === undefined ? 'ADDED' : 'MODIFIED';
    this.#stored = stored;
    this.#version += 1;
    this.#send(type, this.#object(stored));
  }

  /** etcd is put back to a copy of so many versions ago, with this in it; the API server starts again. */
  putBack(stored: Stored, versions: number): void {
    this.#stored = stored;
    this.#version -= versions;
    this.endWatches();
  }

  delete(): void {
    const stored = this.#stored;
    this.#stored = undefined;
    this.#version += 1;
    if (stored !== undefined) this.#send('DELETED', this.#object(stored));
  }

  /** `moved`: other objects of the cluster have changed since the last one, as they always do. */
  bookmark(moved: boolean): void {
    if (moved) this.#version += 1;
    this.#send('BOOKMARK', { metadata: { resourceVersion: String(this.#version) } });
  }

  /** An ERROR event on each watch. */
  fail(code: number): void {
    this.#send('ERROR', { kind: 'Status', code, reason: code === 410 ? 'Expired' : 'InternalError' });
    this.endWatches();
  }

  /** As at the end of their time. */
  endWatches(): void {
    for (const watch of this.#watches) watch.end();
  }

  /** Breaks every connection. */
  cut(): void {
    for (const socket of this.#connections.keys()) socket.destroy();
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.cut();
    await once(this.#server, 'close');
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '', 'https://api');
    const token = (request.headers.authorization ?? '').replace('Bearer ', '');
    const seen = { url, token, connection: this.#connections.get(request.socket) ?? 0 };
    this.seen.push(seen);
    const misbehaviour = this.misbehave(seen);
    if (misbehaviour === 'hang') return;
    if (typeof misbehaviour === 'object') response.end(misbehaviour.body);
    else if (misbehaviour !== undefined) {
      response.writeHead(misbehaviour).end(`{"kind":"Status","code":${misbehaviour},"message":"no"}\n`);
    } else if (url.searchParams.has('watch')) this.#watch(response);
    else {
      const items = this.#stored === undefined ? [] : [this.#object(this.#stored)];
      response.end(`${JSON.stringify({ metadata: { resourceVersion: String(this.#version) }, items })}\n`);
    }
  }

  #watch(response: ServerResponse): void {
    response.flushHeaders();
    this.#watches.add(response);
    response.on('close', () => this.#watches.delete(response));
    this.#news.emit('watch');
  }

  #object({ uid, data }: Stored) {
    return { metadata: { name: 'status', uid, resourceVersion: String(this.#version) }, data };
  }

  #send(type: string, object: unknown): void {
    for (const watch of this.#watches) watch.write(`${JSON.stringify({ type, object })}\n`);
  }
}
