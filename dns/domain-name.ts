/** One form of a name for every edge, in and out. Pure. */
import { domainToASCII, domainToUnicode } from 'node:url';

/**
 * Lower case, IDN in its xn-- form (UTS 46), without one trailing dot. What is no name stays as it is, for the message: node
 * would take `bücher.example/x` for an address, and leave out its path.
 */
export function canonicalName(text: string): string {
  const name = text.trim().toLowerCase();
  const isIdn = /^[-a-z0-9_.*\P{ASCII}]+$/u.test(name) && /\P{ASCII}/u.test(name);
  // Also a dot that is written otherwise, such as an ideographic one, is one now.
  const ascii = isIdn ? domainToASCII(name) || name : name;
  return ascii.replace(/\.$/, '');
}

/** As people write it, for APIs that want it so; the name itself where that is the same. */
export function unicodeName(name: string): string {
  return domainToUnicode(name) || name;
}
