import { generateKeyPair, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { PROGRAM } from '../../contract/names.ts';

/** A certificate and its private key as PEM texts. */
export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

/** Distinguishes our authorities from certificates that others add to a caBundle. */
export const AUTHORITY_NAME = `${PROGRAM} webhook authority`;

/** Certificates are backdated by at most this, for clocks that are slow. */
const MAX_SKEW_MS = 3_600_000;

// RSA, as node-forge supports no other keys; node:crypto generates them in another thread.
const KEY = {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
} as const;

/** `now` is in milliseconds since 1970. */
export async function createAuthority(now: number, lifetimeMs: number): Promise<Pair> {
  const { publicKey, privateKey: key } = await promisify(generateKeyPair)('rsa', KEY);
  const certificate = begin(publicKey, now, now + lifetimeMs);
  // Unique, as one bundle may have several.
  const subject = [{ shortName: 'CN', value: `${AUTHORITY_NAME} ${certificate.serialNumber.slice(-8)}` }];
  certificate.setSubject(subject);
  certificate.setIssuer(subject);
  certificate.setExtensions([
    { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  return { certificate: signed(certificate, key), key };
}

/** A certificate for a server with these DNS names and addresses. It ends no later than the authority itself. */
export async function issueLeaf(
  authority: Pair,
  names: readonly string[],
  now: number,
  lifetimeMs: number,
): Promise<Pair> {
  const { publicKey, privateKey: key } = await promisify(generateKeyPair)('rsa', KEY);
  const issuer = forge.pki.certificateFromPem(authority.certificate);
  const end = Math.min(now + lifetimeMs, issuer.validity.notAfter.getTime());
  const certificate = begin(publicKey, now, end);
  certificate.setSubject([{ shortName: 'CN', value: `${PROGRAM} webhook` }]);
  certificate.setIssuer(issuer.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', critical: true, cA: false },
    { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectAltName', altNames: names.map(altName) },
    { name: 'subjectKeyIdentifier' },
    {
      name: 'authorityKeyIdentifier',
      keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes(),
    },
  ]);
  return { certificate: signed(certificate, authority.key), key };
}

function begin(publicKey: string, now: number, end: number): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  // RFC 5280, 4.1.2.2: positive and at most 20 octets. A leading 01 keeps it positive.
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
  const skew = Math.min(MAX_SKEW_MS, (end - now) / 10);
  certificate.validity.notBefore = new Date(now - skew);
  certificate.validity.notAfter = new Date(end);
  return certificate;
}

function signed(certificate: forge.pki.Certificate, key: string): string {
  certificate.sign(forge.pki.privateKeyFromPem(key), forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n');
}

// RFC 5280, 4.2.1.6: the tags of a GeneralName.
const DNS_NAME = 2;
const IP_ADDRESS = 7;

function altName(name: string) {
  return isIP(name) === 0 ? { type: DNS_NAME, value: name } : { type: IP_ADDRESS, ip: name };
}
