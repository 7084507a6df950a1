import { EventEmitter, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { FakeApiServer, type Reply, type SeenRequest } from '../../test/support/fake-api-server.ts';

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
  readonly #api: FakeApiServer;
  readonly #watches = new Set<ServerResponse>();
  readonly #news = new EventEmitter<{ watch: [] }>();
  #stored: Stored | undefined;
  #version = 100;

  private constructor(api: FakeApiServer) {
    this.#api = api;
    api.reply = (request) => this.#reply(request);
  }

  static async start(): Promise<StatusServer> {
    return new StatusServer(await FakeApiServer.start());
  }

  /** PEM text. */
  get ca(): string {
    return this.#api.authority.certificate;
  }

  get port(): number {
    return Number(new URL(this.#api.url).port);
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

  /** etcd is restored to a copy of so many versions ago, with this in it; the API server starts again. */
  restored(stored: Stored, versions: number): void {
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
    this.#api.cut();
  }

  stop(): Promise<void> {
    return this.#api.stop();
  }

  #reply({ path, query, headers, connection }: SeenRequest): Reply {
    const seen = {
      url: new URL(`${path}?${query.toString()}`, this.#api.url),
      token: (headers.authorization ?? '').replace('Bearer ', ''),
      connection,
    };
    this.seen.push(seen);
    const misbehaviour = this.misbehave(seen);
    if (misbehaviour === 'hang') return 'hang';
    if (typeof misbehaviour === 'object') return { text: misbehaviour.body };
    if (misbehaviour !== undefined) {
      return { status: misbehaviour, json: { kind: 'Status', code: misbehaviour, message: 'no' } };
    }
    if (query.has('watch')) return (response) => this.#watch(response);
    const items = this.#stored === undefined ? [] : [this.#object(this.#stored)];
    return { json: { metadata: { resourceVersion: String(this.#version) }, items } };
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
