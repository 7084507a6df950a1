import {
  Agent,
  type Dispatcher as AnyDispatcher,
  buildConnector,
  Dispatcher,
  Pool,
  ProxyAgent,
} from 'undici';
import { explain } from '../explain.ts';
import { boundedConnector, FewInterimAnswers } from './bounded.ts';
import { type ProxyAddress, type ProxyFor, type ProxySettings, proxyRules } from './proxies.ts';

/** HTTP to anywhere but the API server. */
export interface OutboundDispatcher extends AnyDispatcher {
  /** Absent where there are no proxies. */
  readonly proxyFor?: ProxyFor;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** Twice as much as the longest body that is read, as each piece of one may have a length before it. */
const MOST_BYTES = 32 * 1024 * 1024;

export interface OutboundOptions {
  readonly keepAliveTimeout: number;
  readonly connectTimeout?: number;
  readonly connections?: number;
  /** Of all that may come in answer to one request. */
  readonly mostBytes?: number;
  /** Makes the connections that go through no proxy. */
  readonly connect?: buildConnector.connector;
}

/** Calls each URL directly or through the proxy that the environment names for it. */
export function outboundDispatcher(settings: ProxySettings, options: OutboundOptions): OutboundDispatcher {
  return new Outbound(proxyRules(settings), options);
}

class Outbound extends Dispatcher implements OutboundDispatcher {
  readonly proxyFor: ProxyFor;
  readonly #options: OutboundOptions;
  readonly #direct: Agent;
  /** By address: at most one for https and one for http. */
  readonly #proxied = new Map<string, ProxyAgent>();

  constructor(proxyFor: ProxyFor, options: OutboundOptions) {
    super();
    this.proxyFor = proxyFor;
    const { connectTimeout: timeout = CONNECT_TIMEOUT_MS, mostBytes: _, ...others } = options;
    this.#options = options;
    const connect = buildConnector({ timeout, allowH2: false });
    this.#direct = new Agent({ connect, ...others, factory: this.#pool });
  }

  override dispatch(options: AnyDispatcher.DispatchOptions, handler: AnyDispatcher.DispatchHandler): boolean {
    const proxy = this.proxyFor(new URL(options.origin ?? ''));
    const agent = proxy === undefined ? this.#direct : this.#through(proxy);
    // Agents want an origin, which their types say more strictly than that of what they implement.
    return agent.dispatch({ ...options, origin: options.origin ?? '' }, new FewInterimAnswers(handler));
  }

  override async close(): Promise<void> {
    await Promise.all([this.#direct.close(), ...[...this.#proxied.values()].map((agent) => agent.close())]);
  }

  override async destroy(): Promise<void> {
    const agents = [this.#direct, ...this.#proxied.values()];
    await Promise.all(agents.map((agent) => agent.destroy()));
  }

  /** HTTP/2 has other ways without an end, for which nobody here has a use. */
  readonly #pool = (origin: URL, { connect, ...options }: Pool.Options): Pool => {
    if (typeof connect !== 'function') throw new TypeError('an agent was made without a connector');
    const bounded = boundedConnector(connect, this.#options.mostBytes ?? MOST_BYTES);
    return new Pool(origin, { ...options, connect: bounded, allowH2: false });
  };

  #through({ url }: ProxyAddress): ProxyAgent {
    const known = this.#proxied.get(url.href);
    if (known !== undefined) return known;
    const { keepAliveTimeout, connections, connectTimeout: timeout = CONNECT_TIMEOUT_MS } = this.#options;
    const agent = new ProxyAgent({
      uri: url.href,
      keepAliveTimeout,
      ...(connections !== undefined && { connections }),
      factory: this.#pool,
      allowH2: false,
      proxyTls: { timeout },
      requestTls: { timeout },
    });
    this.#proxied.set(url.href, agent);
    return agent;
  }
}

/** ` through the proxy …`, without its credentials; empty where the call goes without one. */
export function routeTo(dispatcher: OutboundDispatcher, url: URL): string {
  const proxy = dispatcher.proxyFor?.(url);
  return proxy === undefined ? '' : ` through the proxy ${proxy.shown}`;
}

/** Why a call was not answered, in words for who set the proxy up. */
export function explainCall(error: unknown): string {
  return proxyRefusal(error) ?? explain(error);
}

/** What the proxy answered instead of making the call; undefined when it did not. undici has no code for that. */
export function proxyRefusal(error: unknown): string | undefined {
  const status = /Proxy response \((\d+)\)|Proxy Authentication Required \((407)\)/
    .exec(explain(error))
    ?.slice(1)
    .find(Boolean);
  if (status === undefined) return undefined;
  const hint = PROXY_ANSWERS[status];
  return `the proxy answered ${status}${hint === undefined ? '' : `: ${hint}`}`;
}

const WRONG_CREDENTIALS = 'it does not take the credentials in HTTPS_PROXY, or wants some';
const PROXY_ANSWERS: Readonly<Record<string, string>> = {
  403: 'it does not let this host be called',
  401: WRONG_CREDENTIALS,
  407: WRONG_CREDENTIALS,
  502: 'it cannot reach this host',
  503: 'it cannot reach this host',
  504: 'it cannot reach this host',
};
