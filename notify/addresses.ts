import { type LookupOptions, lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/**
 * Where no receiver of notifications can be, but the cloud's own metadata service can, which gives credentials to
 * whoever asks from the node.
 */
const FORBIDDEN = new BlockList();
FORBIDDEN.addSubnet('0.0.0.0', 8, 'ipv4');
FORBIDDEN.addSubnet('169.254.0.0', 16, 'ipv4'); // Link-local; metadata at AWS, Google, Azure and others.
FORBIDDEN.addAddress('100.100.100.200', 'ipv4'); // Metadata at Alibaba Cloud.
FORBIDDEN.addAddress('192.0.0.192', 'ipv4'); // Metadata at Oracle Cloud.
FORBIDDEN.addAddress('168.63.129.16', 'ipv4'); // The node's agent at Azure.
FORBIDDEN.addSubnet('224.0.0.0', 3, 'ipv4');
FORBIDDEN.addAddress('::', 'ipv6');
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6');
FORBIDDEN.addAddress('fd00:ec2::254', 'ipv6'); // Metadata at AWS.
FORBIDDEN.addAddress('fd20:ce::254', 'ipv6'); // Metadata at Google.
FORBIDDEN.addSubnet('ff00::', 8, 'ipv6');
FORBIDDEN.addSubnet('2002:a9fe::', 32, 'ipv6'); // 169.254.0.0/16 by 6to4.

/** Prefixes before an IPv4 address in the last 32 bits: compatible (RFC 4291), translated (RFC 2765), NAT64 (RFC 6052), its local form (RFC 8215). */
const WRAPPERS = ['::', '::ffff:0:', '64:ff9b::', '64:ff9b:1::'];
for (const prefix of WRAPPERS) {
  FORBIDDEN.addSubnet(`${prefix}169.254.0.0`, 112, 'ipv6');
  FORBIDDEN.addAddress(`${prefix}100.100.100.200`, 'ipv6');
  FORBIDDEN.addAddress(`${prefix}192.0.0.192`, 'ipv6');
  FORBIDDEN.addAddress(`${prefix}168.63.129.16`, 'ipv6');
}

/** A host whose address may not be called. Its text names no address, as the target's URL is a secret. */
export class ForbiddenAddressError extends Error {
  override readonly name = 'ForbiddenAddressError';
  readonly code = 'FORBIDDEN_ADDRESS';
  constructor() {
    super('the target has a link-local, metadata or multicast address, which is never called');
  }
}

/** IPv4-mapped IPv6 addresses are looked at as the IPv4 addresses they are. */
export function isForbidden(address: string): boolean {
  const [plain = ''] = address.split('%', 1); // A zone such as %eth0 is part of link-local addresses only.
  const family = isIP(plain);
  return family === 0 || FORBIDDEN.check(plain, family === 6 ? 'ipv6' : 'ipv4');
}

/** Whether the host of a URL is such an address itself; behind a name there may be one all the same. */
export function isForbiddenHost(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '');
  return isIP(address) !== 0 && isForbidden(address);
}

type Resolve = (
  host: string,
  options: LookupOptions & { all: true },
  done: (error: NodeJS.ErrnoException | null, found: { address: string; family: number }[]) => void,
) => void;

/**
 * For a socket's `lookup`: the address that was looked at is the one that is connected to, so that a name server
 * which gives another answer the next time gains nothing.
 */
export function publicLookup(resolve: Resolve = lookup): LookupFunction {
  return (host, options, done) => {
    resolve(host, { ...options, all: true }, (error, found) => {
      const [first] = found ?? [];
      if (error !== null) done(error, '');
      else if (first === undefined || found.some(({ address }) => isForbidden(address)))
        done(new ForbiddenAddressError(), '');
      else if (options.all) done(null, found);
      else done(null, first.address, first.family);
    });
  };
}
