import { BlockList, isIPv4, isIPv6 } from 'node:net';
import * as z from 'zod';

type Subnet = readonly [address: string, prefix: number];

/**
 * IPv6 addresses that stand for an IPv4 address of a subnet: 6to4 (RFC 3056 section 2) and NAT64 (RFC 6052 section 2.1). Two bytes each:
 * `network` is that of the subnet.
 */
function translated(network: string, prefix: number): readonly Subnet[] {
  return [
    [`2002:${network}::`, 16 + prefix],
    [`64:ff9b::${network}:0`, 96 + prefix],
  ];
}

/** Addresses that are no host's: a record with one of them sends every client nowhere. */
const NO_HOST = blockList([
  ['0.0.0.0', 8],
  ['224.0.0.0', 3],
  ['::', 128],
  ['ff00::', 8],
  ...translated('0', 8),
  ...translated('e000', 3),
]);
/** A client with such an address would call itself (RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3). */
const LOOPBACK = blockList([['127.0.0.0', 8], ['::1', 128], ...translated('7f00', 8)]);
/** They mean something on one network alone, and need its interface as well (RFC 3927, RFC 4007); RFC 3879 withdrew fec0::/10. */
const LINK_LOCAL = blockList([
  ['169.254.0.0', 16],
  ['fe80::', 10],
  ['fec0::', 10],
  ...translated('a9fe', 16),
]);
/** RFC 4291 section 2.5.5: nobody calls them. Apart, as a BlockList would match IPv4 addresses by these too. */
const FROM_IPV4 = blockList([
  ['::', 96],
  ['::ffff:0:0', 96],
]);

function blockList(subnets: readonly Subnet[]): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of subnets) list.addSubnet(address, prefix, isIPv6(address) ? 'ipv6' : 'ipv4');
  return list;
}

/** `ofIpv6`: what is said of an IPv6 address. */
export function ipv4(ofIpv6 = 'an IPv6 address belongs in "ipv6"') {
  return z
    .string({ error: 'must be an IPv4 address in quotes, such as "192.0.2.10"' })
    .trim()
    .superRefine((text, context) => {
      const problem = ipv4Problem(text, ofIpv6);
      if (problem !== undefined) context.addIssue(problem);
    });
}

function ipv4Problem(text: string, ofIpv6: string): string | undefined {
  if (isIPv6(text)) return `must be an IPv4 address; ${ofIpv6}`;
  if (!isIPv4(text)) return 'must be an IPv4 address such as 192.0.2.10';
  return NO_HOST.check(text, 'ipv4') ? 'must be the address of a host' : undefined;
}

/** Of a site: all clients are led there. */
export function siteIpv4() {
  return ipv4().superRefine((text, context) => {
    const problem = isIPv4(text) ? ownProblem(text, 'ipv4') : undefined;
    if (problem !== undefined) context.addIssue(problem);
  });
}

/** Of a site. */
export function siteIpv6() {
  return z
    .string({ error: 'must be an IPv6 address in quotes, such as "2001:db8::10"' })
    .trim()
    .superRefine((text, context) => {
      const problem = ipv6Problem(text);
      if (problem !== undefined) context.addIssue(problem);
    })
    .transform(canonicalIpv6);
}

function ipv6Problem(text: string): string | undefined {
  if (isIPv4(text)) return 'must be an IPv6 address; an IPv4 address belongs in "ip"';
  if (!isIPv6(text) || text.includes('%')) return 'must be an IPv6 address such as 2001:db8::10';
  if (NO_HOST.check(text, 'ipv6')) return 'must be the address of a host';
  const own = ownProblem(text, 'ipv6');
  if (own !== undefined) return own;
  return FROM_IPV4.check(text, 'ipv6')
    ? 'must be no IPv4 address in the form of IPv6, which nobody can call: that belongs in "ip"'
    : undefined;
}

function ownProblem(text: string, family: 'ipv4' | 'ipv6'): string | undefined {
  if (LOOPBACK.check(text, family))
    return 'must be an address of the site: by this one each client calls itself';
  if (LINK_LOCAL.check(text, family)) return 'must be an address that is known beyond one network segment';
  return undefined;
}

/** The shortest lower-case form (RFC 5952), so that it compares equal to what a DNS provider shows. */
function canonicalIpv6(text: string): string {
  return isIPv6(text) && !text.includes('%') ? new URL(`http://[${text}]`).hostname.slice(1, -1) : text;
}
