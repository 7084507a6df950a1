import { BlockList, isIP } from 'node:net';

interface DomainRule {
  /** With its leading dot. */
  readonly suffix: string;
  /** Whether the name without the dot is meant, too. */
  readonly itself: boolean;
  /** Empty: any. */
  readonly port: string;
}

interface AddressRule {
  readonly addresses: BlockList;
  readonly port: string;
}

/**
 * Whether a URL is called without a proxy, by the entries of `NO_PROXY` as Go programs read them, which is what clusters
 * are set up for: https://pkg.go.dev/golang.org/x/net/http/httpproxy. Loopback always is.
 */
export function directByNoProxy(entries: readonly string[]): (url: URL) => boolean {
  const given = entries.map((entry) => entry.trim().toLowerCase()).filter((entry) => entry !== '');
  const addresses = given.flatMap((entry) => addressRule(entry) ?? []);
  const domains = given.flatMap((entry) => (addressRule(entry) === undefined ? domainRule(entry) : []));
  const everything = given.includes('*');
  return (url) => {
    const host = hostOf(url);
    const port = url.port || (url.protocol === 'https:' ? '443' : '80');
    const isMeant = (rule: { readonly port: string }) => rule.port === '' || rule.port === port;
    if (everything || host === 'localhost') return true;
    const family = isIP(host);
    if (family !== 0) {
      const isIn = (list: BlockList) => list.check(host, family === 6 ? 'ipv6' : 'ipv4');
      if (isIn(LOOPBACK)) return true;
      return addresses.some((rule) => isMeant(rule) && isIn(rule.addresses));
    }
    return domains.some(
      (rule) =>
        isMeant(rule) && (host.endsWith(rule.suffix) || (rule.itself && host === rule.suffix.slice(1))),
    );
  };
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Without the brackets of an IPv6 address. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

/** Undefined for what is no address and no network. */
function addressRule(entry: string): AddressRule | undefined {
  const addresses = new BlockList();
  const [network = '', bits] = entry.split('/');
  if (bits !== undefined) {
    const family = isIP(network);
    if (family === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 6 ? 128 : 32)) return undefined;
    addresses.addSubnet(network, Number(bits), family === 6 ? 'ipv6' : 'ipv4');
    return { addresses, port: '' };
  }
  const { host, port } = splitPort(entry);
  const family = isIP(host);
  if (family === 0) return undefined;
  addresses.addAddress(host, family === 6 ? 'ipv6' : 'ipv4');
  return { addresses, port };
}

function domainRule(entry: string): readonly DomainRule[] {
  const { host, port } = splitPort(entry);
  const name = host.startsWith('*.') ? host.slice(1) : host;
  if (name === '') return [];
  const itself = !name.startsWith('.');
  const suffix = itself ? `.${name}` : name;
  return [{ suffix: inAscii(suffix), itself, port }];
}

/** URLs have the names in that form. */
function inAscii(suffix: string): string {
  return `.${URL.parse(`http://${suffix.slice(1)}`)?.hostname ?? suffix.slice(1)}`;
}

/** A bare IPv6 address has no port. */
function splitPort(entry: string): { readonly host: string; readonly port: string } {
  const bracketed = /^\[(.+)\](?::(\d+))?$/.exec(entry);
  if (bracketed !== null) return { host: bracketed[1] ?? '', port: bracketed[2] ?? '' };
  const plain = /^([^:]*):(\d+)$/.exec(entry);
  return plain === null ? { host: entry, port: '' } : { host: plain[1] ?? '', port: plain[2] ?? '' };
}
