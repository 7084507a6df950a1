import { BlockList, isIPv4, isIPv6 } from 'node:net';
import * as z from 'zod';

// Addresses that are no host's: a record with one of them sends every client nowhere.
const NO_HOST = new BlockList();
NO_HOST.addSubnet('0.0.0.0', 8, 'ipv4');
NO_HOST.addSubnet('224.0.0.0', 3, 'ipv4');
NO_HOST.addAddress('::', 'ipv6');
NO_HOST.addSubnet('ff00::', 8, 'ipv6');

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

export function ipv6() {
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
  return NO_HOST.check(text, 'ipv6') ? 'must be the address of a host' : undefined;
}

/** The shortest lower-case form (RFC 5952), so that it compares equal to what a DNS provider shows. */
function canonicalIpv6(text: string): string {
  return isIPv6(text) && !text.includes('%') ? new URL(`http://[${text}]`).hostname.slice(1, -1) : text;
}
