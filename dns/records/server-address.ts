import { isIP, isIPv6 } from 'node:net';
import { isDnsName } from '../zones.ts';
import { canonicalName } from './domain-name.ts';

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

const DNS_PORT = 53;

/** `host`, `host:port`, an address, or `[IPv6]:port`. */
export function parseServer(text: string): ServerAddress | undefined {
  const [, bracketed, plain = '', portText] = /^(?:\[(.*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = isIPv6(text) ? text : (bracketed ?? canonicalName(plain));
  const port = portText === undefined ? DNS_PORT : Number(portText);
  const isHost = bracketed === undefined ? isIP(host) !== 0 || isDnsName(host) : isIPv6(host);
  return isHost && port > 0 && port < 65_536 ? { host, port } : undefined;
}

/** For node:dns. */
export function formatServer({ host, port }: ServerAddress): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}
