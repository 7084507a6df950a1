import { decodeStatus } from '../../contract/status.ts';
import { backoff } from '../../runtime/backoff.ts';
import { type Clock, type Random, sleep } from '../../runtime/clock.ts';
import type { Reading } from '../state.ts';
import { type ApiConnection, ApiError } from './connection.ts';

export interface ApiSourceOptions {
  readonly connection: Pick<ApiConnection, 'open' | 'abort' | 'renew'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly namespace: string;
  readonly configMap: string;
  readonly staleAfterMs: number;
  readonly onReading: (reading: Reading) => void;
  /** Undefined: the watch stands. Else why it does not. */
  readonly onConnection: (problem: string | undefined) => void;
}

interface ConfigMap {
  readonly metadata: { readonly uid?: string; readonly resourceVersion?: string };
  readonly data?: Readonly<Record<string, string>>;
}

interface List {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly ConfigMap[];
}

interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: ConfigMap;
}

const BACKOFF = { base: 800, max: 15_000 };
const MAX_RETRY_AFTER_MS = 30_000;
/** A watch that lived this long was healthy: the next begins without delay. This bounds how hot the loop can get. */
const HEALTHY_MS = 10_000;
const WATCH_SECONDS = 240;
const CALL_LIMIT_MS = 10_000;
/** Bookmarks come about every minute. */
const SILENCE_LIMIT_MS = 90_000;

/**
 * Lists and watches the one status ConfigMap for as long as it runs. What it saw last it shows again at each proof that
 * it is still so.
 */
export class ApiSource {
  readonly #options: ApiSourceOptions;
  #shown: ConfigMap | undefined;
  #version = '';
  /** How often etcd was restored: epochs of a copy belong to another lineage. */
  #copies = 0;
  #cancelLimit: () => void = () => undefined;

  constructor(options: ApiSourceOptions) {
    this.#options = options;
  }

  /** Follows until `abort` fires. Never rejects. */
  async run(abort: AbortSignal): Promise<void> {
    const { clock, random, connection, onConnection } = this.#options;
    abort.addEventListener('abort', () => connection.abort(new Error('stopped')), { once: true });
    for (let attempt = 0; !abort.aborted; ) {
      const startedAt = clock.elapsed();
      const failure = await this.#follow(abort).catch((error: NodeJS.ErrnoException) => error);
      this.#cancelLimit();
      if (abort.aborted) break;
      const isHealthy = clock.elapsed() - startedAt >= HEALTHY_MS;
      if (isHealthy) attempt = 0;
      if (failure !== undefined) {
        connection.renew();
        onConnection(failure.message || String(failure.code)); // Several addresses tried in vain have no message.
      } else if (isHealthy) continue;
      const asked = failure instanceof ApiError ? Math.min(failure.retryAfterMs, MAX_RETRY_AFTER_MS) : 0;
      await sleep(clock, Math.max(asked, backoff(attempt, BACKOFF, random)), abort);
      attempt += 1;
    }
    connection.renew();
  }

  /** One list, and one watch to its end. */
  async #follow(abort: AbortSignal): Promise<undefined> {
    const { connection, random, onConnection, staleAfterMs } = this.#options;
    const callLimitMs = Math.min(CALL_LIMIT_MS, staleAfterMs / 4);
    // Before the state becomes stale there is time to ask again.
    const silenceLimitMs = Math.min(SILENCE_LIMIT_MS, staleAfterMs * 0.75);

    this.#limit(callLimitMs, 'the list gave no answer');
    let list = '';
    for await (const line of await connection.open(this.#path(''))) list += line;
    this.#list(JSON.parse(list) as List);
    if (abort.aborted) return;
    this.#limit(callLimitMs, 'the watch gave no answer');
    const seconds = Math.round(WATCH_SECONDS * (1 + random()));
    const query = `&watch=true&allowWatchBookmarks=true&timeoutSeconds=${seconds}&resourceVersion=${this.#version}`;
    const events = await connection.open(this.#path(query));
    onConnection(undefined);
    const awaitNews = () => this.#limit(silenceLimitMs, 'the watch confirmed nothing');
    awaitNews();
    for await (const line of events) if (this.#isNews(JSON.parse(line) as WatchEvent)) awaitNews();
  }

  #list({ metadata, items }: List): void {
    this.#reach(metadata.resourceVersion);
    this.#shown = items[0];
    this.#show();
  }

  /** A server that is cut off from its storage keeps sending bookmarks, all of the same version: they confirm nothing. */
  #isNews({ type, object }: WatchEvent): boolean {
    if (type === 'ERROR') throw new Error(`the watch was ended: ${JSON.stringify(object)}`);
    const { resourceVersion = '' } = object.metadata;
    if (type === 'DELETED') this.#shown = undefined;
    else if (type !== 'BOOKMARK') this.#shown = object;
    if (resourceVersion === this.#version) return false;
    this.#reach(resourceVersion);
    this.#show();
    return true;
  }

  /** Versions are numbers that grow (KEP-5504), unless etcd is restored. */
  #reach(version: string): void {
    if (Number(version) < Number(this.#version)) this.#copies += 1;
    this.#version = version;
  }

  #show(): void {
    if (this.#shown === undefined) return;
    const { metadata, data } = this.#shown;
    const uid = metadata.uid + '+'.repeat(this.#copies);
    this.#options.onReading({ source: 'api', uid, status: decodeStatus(data) });
  }

  /** Ends the call under way in `ms`, unless it is called again before. */
  #limit(ms: number, problem: string): void {
    const { clock, connection } = this.#options;
    this.#cancelLimit();
    this.#cancelLimit = clock.after(ms, () => connection.abort(new Error(`${problem} for ${ms / 1_000} s`)));
  }

  #path(query: string): string {
    const { namespace, configMap } = this.#options;
    return `/api/v1/namespaces/${namespace}/configmaps?fieldSelector=metadata.name%3D${configMap}${query}`;
  }
}
