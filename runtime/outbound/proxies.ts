import { directByNoProxy } from './no-proxy.ts';

/** What the environment says of proxies. */
export interface ProxySettings {
  /** For https URLs; undefined: none. May have credentials. */
  readonly https: string | undefined;
  /** For http URLs. */
  readonly http: string | undefined;
  readonly noProxy: readonly string[];
}

export const NO_PROXIES: ProxySettings = { https: undefined, http: undefined, noProxy: [] };

export interface ProxyAddress {
  /** With its credentials. */
  readonly url: URL;
  /** Without them: for logs and errors. */
  readonly shown: string;
}

export type ProxyFor = (url: URL) => ProxyAddress | undefined;

/** Which proxy a URL is called through; undefined: none. As in Go, https URLs never go through the proxy for http. */
export function proxyRules({ https, http, noProxy }: ProxySettings): ProxyFor {
  const isDirect = directByNoProxy(noProxy);
  const proxies: Readonly<Record<string, ProxyAddress | undefined>> = {
    'https:': https === undefined ? undefined : proxyAt(https),
    'http:': http === undefined ? undefined : proxyAt(http),
  };
  return (url) => (isDirect(url) ? undefined : proxies[url.protocol]);
}

function proxyAt(text: string): ProxyAddress {
  const url = parseProxy(text);
  if (url === undefined) throw new Error('the address of a proxy is none any more'); // It was, at the start.
  return { url, shown: `${url.protocol}//${url.host}` };
}

/** Without a scheme it is http, as everywhere. Undefined for what is no http or https proxy. */
export function parseProxy(text: string): URL | undefined {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '') return undefined;
  return url.search === '' && url.hash === '' && isDecodable(url) ? url : undefined;
}

function isDecodable({ username, password }: URL): boolean {
  try {
    decodeURIComponent(`${username}${password}`);
    return true;
  } catch {
    return false; // A lone % in a password, which has to be written as %25.
  }
}
