import { constants, generateKeyPair, privateEncrypt, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';

const KEY = {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
} as const;

const YEAR_MS = 365 * 24 * 3600_000;

/** PEM texts. */
export interface Certified {
  readonly certificate: string;
  readonly key: string;
}

export interface Subject {
  /** To the API server: the user's name. */
  readonly name: string;
  /** To the API server: the user's groups. */
  readonly groups?: readonly string[];
  /** For a server: the names and addresses it is reached by. */
  readonly dns?: readonly string[];
  readonly ips?: readonly string[];
}

/**
 * A certificate authority for one control plane; its own certificate and key as PEM texts. What it issues has the same
 * key, as making one takes as long as starting a program: whose a certificate is stands in its name.
 */
export interface Authority extends Certified {
  issue(subject: Subject): Promise<Certified>;
}

const AUTHORITY_NAME = [{ shortName: 'CN', value: 'test control plane' }];

export async function createAuthority(): Promise<Authority> {
  // RSA, because node-forge knows no other keys; made by node:crypto, because that is faster.
  const { privateKey: key } = await promisify(generateKeyPair)('rsa', KEY);
  const certificate = certify(key, AUTHORITY_NAME, [
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
  ]);
  return authorityOf({ certificate, key });
}

export function authorityOf({ certificate, key }: Certified): Authority {
  return {
    certificate,
    key,
    async issue(subject) {
      const attributes = [
        ...(subject.groups ?? []).map((value) => ({ shortName: 'O', value })),
        { shortName: 'CN', value: subject.name },
      ];
      return { certificate: certify(key, attributes, leafExtensions(subject)), key };
    },
  };
}

const ALT_NAME_DNS = 2;
const ALT_NAME_IP = 7;

function leafExtensions({ dns = [], ips = [] }: Subject): object[] {
  const altNames = [
    ...dns.map((value) => ({ type: ALT_NAME_DNS, value })),
    ...ips.map((ip) => ({ type: ALT_NAME_IP, ip })),
  ];
  return [
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', clientAuth: true, serverAuth: altNames.length > 0 },
    ...(altNames.length > 0 ? [{ name: 'subjectAltName', altNames }] : []),
  ];
}

function certify(key: string, subject: forge.pki.CertificateField[], extensions: object[]): string {
  const privateKey = forge.pki.privateKeyFromPem(key);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.setRsaPublicKey(privateKey.n, privateKey.e);
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`; // A leading 01 keeps the number positive.
  certificate.validity.notBefore = new Date(Date.now() - 300_000);
  certificate.validity.notAfter = new Date(Date.now() + YEAR_MS);
  certificate.setSubject(subject);
  certificate.setIssuer(AUTHORITY_NAME);
  certificate.setExtensions(extensions);
  const digest = forge.md.sha256.create();
  privateKey.sign = () => signed(key, digest.digest());
  certificate.sign(privateKey, digest);
  return forge.pki.certificateToPem(certificate);
}

/** What stands before a SHA-256 digest that is signed by PKCS #1 v1.5: RFC 8017, section 9.2, note 1. */
const BEFORE_DIGEST = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/** By node:crypto, as node-forge takes thirty milliseconds for it. */
function signed(key: string, digest: forge.util.ByteStringBuffer): string {
  const text = Buffer.concat([BEFORE_DIGEST, Buffer.from(digest.getBytes(), 'latin1')]);
  return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, text).toString('latin1');
}
