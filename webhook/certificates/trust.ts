import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The valid certificates of a PEM text, each in the same form, so that they can be compared. */
export function certificatesIn(pem: string): readonly string[] {
  const found = new Set<string>();
  for (const [text] of pem.matchAll(CERTIFICATE)) {
    const certificate = parse(text);
    if (certificate !== undefined) found.add(certificate.toString());
  }
  return [...found];
}

/** Whether a client that calls `host` and trusts only `bundle` accepts a server with the certificate `leaf`. */
export function accepts(bundle: readonly string[], leaf: string, host: string, now: number): boolean {
  const certificate = new X509Certificate(leaf);
  if (!isFor(certificate, host) || !isValid(certificate, now)) return false;
  return issuerIn(bundle, leaf, now) !== undefined;
}

/** Whether `certificate` names `host`, a DNS name or an address. */
export function isFor(certificate: X509Certificate, host: string): boolean {
  return (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined;
}

/** The authority in `bundle` that has signed `leaf`, if it is valid. */
export function issuerIn(bundle: readonly string[], leaf: string, now: number): string | undefined {
  const certificate = new X509Certificate(leaf);
  return bundle.find((text) => {
    const authority = new X509Certificate(text);
    return isValid(authority, now) && isIssuedBy(certificate, authority);
  });
}

export function isIssuedBy(certificate: X509Certificate, authority: X509Certificate): boolean {
  return authority.ca && certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}

/** When a certificate is valid, in milliseconds since 1970. */
export interface Validity {
  readonly from: number;
  readonly until: number;
}

export function validityOf(certificate: string | X509Certificate): Validity {
  const { validFromDate, validToDate } =
    typeof certificate === 'string' ? new X509Certificate(certificate) : certificate;
  return { from: validFromDate.getTime(), until: validToDate.getTime() };
}

function isValid(certificate: X509Certificate, now: number): boolean {
  const { from, until } = validityOf(certificate);
  return from <= now && now < until;
}

function parse(text: string): X509Certificate | undefined {
  try {
    return new X509Certificate(text);
  } catch {
    return undefined; // Others write into the bundle, too, and a text that is no certificate trusts nobody.
  }
}
