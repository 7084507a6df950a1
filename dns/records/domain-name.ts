/** The canonical form of names. Pure. */
import { domainToASCII, domainToUnicode } from 'node:url';

/**
 * Lower case, IDN in its xn-- form (UTS 46), without a trailing dot. Anything that is no name is kept for the message:
 * domainToASCII would drop the path of `bücher.example/x`.
 */
export function canonicalName(text: string): string {
  const name = text.trim().toLowerCase();
  const isIdn = /^[-a-z0-9_.*\P{ASCII}]+$/u.test(name) && /\P{ASCII}/u.test(name);
  // domainToASCII also maps other dots, such as the ideographic one.
  const ascii = isIdn ? domainToASCII(name) || name : name;
  return ascii.replace(/\.$/, '');
}

/** For APIs that take IDN in Unicode. */
export function unicodeName(name: string): string {
  return domainToUnicode(name) || name;
}
