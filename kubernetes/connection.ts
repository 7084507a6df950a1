import type { RequestOptions } from 'node:https';
import { isDeepStrictEqual } from 'node:util';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import type { KubeConfig } from './kube-config.ts';

const USER_AGENT = 'kube-site-follower';
const CONNECT_TIMEOUT_MS = 5_000;
/** Below the 90 s after which an API server closes an idle connection, so that it rarely closes one under us. */
const IDLE_MS = 60_000;
const TCP_KEEP_ALIVE_MS = 10_000;
/**
 * A watch has its connection for minutes, and 16 followers have a dozen watches each: were those of one kind with those of calls,
 * no call would get one any more. Each is far above what is needed: a bound on what a fault can make of them.
 */
const MAX_WATCHES = 256;
const MAX_CALLS = 128;

export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query, below the server's URL. */
  readonly target: string;
  readonly accept: string;
  readonly contentType?: string;
  readonly body?: string;
  /** It keeps its connection for as long as the server has news. */
  readonly isWatch?: boolean;
}

interface Tls {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

interface Pool {
  readonly tls: Tls;
  readonly calls: Dispatcher;
  readonly watches: Dispatcher;
  /** Answers not read to their end. */
  busy: number;
}

/**
 * The pool of connections to the API server, with the credentials of a kubeconfig.
 * Tokens and TLS files are read again as they rotate: the pool is replaced only when TLS material changed.
 */
export class Connection {
  readonly #kubeConfig: KubeConfig;
  #current: Pool | undefined;
  /** Those with calls under way. undici's own close() would lose sight of them, so that nothing could end them. */
  readonly #retired = new Set<Pool>();
  #closed = false;

  constructor(kubeConfig: KubeConfig) {
    this.#kubeConfig = kubeConfig;
  }

  /** Resolves when the headers are there. No time limit of its own but for connecting: `abort` ends it. */
  async request(call: HttpCall, abort: AbortSignal): Promise<Dispatcher.ResponseData> {
    const cluster = this.#kubeConfig.getCurrentCluster();
    if (cluster === null) throw new Error('the kubeconfig has no current cluster');
    const credentials: RequestOptions = {};
    await this.#kubeConfig.applyToHTTPSOptions(credentials);
    abort.throwIfAborted();
    const server = new URL(cluster.server);
    const pool = this.#poolFor(tlsOf(credentials), cluster.proxyUrl);
    pool.busy += 1;
    try {
      const dispatcher = call.isWatch === true ? pool.watches : pool.calls;
      const response = await dispatcher.request({
        origin: server.origin,
        path: server.pathname.replace(/\/$/, '') + call.target,
        method: call.method,
        headers: {
          ...authorization(credentials),
          'user-agent': USER_AGENT,
          accept: call.accept,
          ...(call.contentType === undefined ? {} : { 'content-type': call.contentType }),
        },
        body: call.body ?? null,
        signal: abort,
      });
      response.body.once('close', () => this.#finished(pool));
      return response;
    } catch (error) {
      this.#finished(pool);
      throw error;
    }
  }

  /**
   * Later calls use new connections; those under way go on. After a call without answer: its connections may lead
   * to a machine that is gone, and without this each of them would cost one more call.
   */
  retire(): void {
    const pool = this.#current;
    if (pool === undefined) return;
    this.#current = undefined;
    this.#retired.add(pool);
    this.#endIfIdle(pool);
  }

  /** Ends every call that is still under way. */
  async close(): Promise<void> {
    this.#closed = true;
    this.retire();
    await Promise.all([...this.#retired].map(destroy));
  }

  #poolFor(tls: Tls, proxy: string | undefined): Pool {
    if (this.#closed) throw new Error('the connection to the API server was closed');
    if (this.#current !== undefined && isDeepStrictEqual(tls, this.#current.tls)) return this.#current;
    this.retire();
    const create = (connections: number) => createPool(tls, proxy, connections);
    this.#current = { tls, calls: create(MAX_CALLS), watches: create(MAX_WATCHES), busy: 0 };
    return this.#current;
  }

  #finished(pool: Pool): void {
    pool.busy -= 1;
    this.#endIfIdle(pool);
  }

  #endIfIdle(pool: Pool): void {
    if (pool.busy > 0 || !this.#retired.delete(pool)) return;
    // Nothing uses it any more: how its idle sockets end is of no interest.
    destroy(pool).catch(() => undefined);
  }
}

async function destroy({ calls, watches }: Pool): Promise<void> {
  await Promise.all([calls.destroy(), watches.destroy()]);
}

function createPool(tls: Tls, proxy: string | undefined, connections: number): Dispatcher {
  const connect = {
    ...tls,
    timeout: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
  };
  const options: Agent.Options = {
    connect,
    connections,
    keepAliveTimeout: IDLE_MS,
    // HTTP/2 puts every call on one connection, so that one lost packet or one dead peer holds up all of them.
    allowH2: false,
    // The time limits are the callers', on their clock.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  if (proxy === undefined || proxy === '') return new Agent(options);
  if (!/^https?:/.test(proxy)) {
    throw new Error('the proxy-url of the kubeconfig must begin with http:// or https://');
  }
  return new ProxyAgent({ ...options, uri: proxy, requestTls: connect });
}

function tlsOf({ ca, cert, key, servername, rejectUnauthorized }: RequestOptions): Tls {
  return Object.fromEntries(
    Object.entries({ ca, cert, key, servername, rejectUnauthorized }).filter(
      ([, value]) => value !== undefined,
    ),
  );
}

function authorization({ headers, auth }: RequestOptions): Record<string, string> {
  const basic = auth ? { authorization: `Basic ${Buffer.from(auth).toString('base64')}` } : {};
  const given = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return { ...basic, ...Object.fromEntries(given) };
}
