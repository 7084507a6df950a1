import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { before, type TestContext, test } from 'node:test';
import forge from 'node-forge';
import { MountedCopy } from '../../test/support/mounted-copy.ts';
import { createAuthority, issueLeaf, type Pair } from './authority.ts';
import { readPair } from './mounted.ts';

const HOST = 'webhook.system.svc';
const DAY_MS = 86_400_000;
let one: Pair;
let other: Pair;
let expired: Pair;
let early: Pair;
let weak: Pair;

before(async () => {
  const authority = await createAuthority(Date.now(), 9 * DAY_MS);
  one = await issueLeaf(authority, [HOST], Date.now(), DAY_MS);
  other = await issueLeaf(authority, [HOST], Date.now(), DAY_MS);
  expired = await issueLeaf(authority, [HOST], Date.now() - 3 * DAY_MS, DAY_MS);
  early = await issueLeaf(authority, [HOST], Date.now() + 2 * DAY_MS, DAY_MS);
  weak = weakPair(HOST);
});

/** As TLS libraries refuse them, whatever the certificate says. */
function weakPair(host: string): Pair {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 512,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  certificate.validity.notBefore = new Date(Date.now() - DAY_MS);
  certificate.validity.notAfter = new Date(Date.now() + DAY_MS);
  certificate.setExtensions([{ name: 'subjectAltName', altNames: [{ type: 2, value: host }] }]);
  certificate.sign(forge.pki.privateKeyFromPem(privateKey), forge.md.sha256.create());
  return { certificate: forge.pki.certificateToPem(certificate), key: privateKey };
}

const NO_CERTIFICATE = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

async function read(t: TestContext, certificate: string, key: string, host = HOST) {
  const copy = await MountedCopy.create({ 'tls.crt': certificate, 'tls.key': key });
  t.after(() => copy.remove());
  return { found: await readPair(copy.folder, host, Date.now()), folder: copy.folder };
}

test('takes a pair whose parts fit', async (t) => {
  const { found } = await read(t, one.certificate, one.key);
  assert.deepEqual(found, one);
});

test('takes nothing else, and says why without showing the key', async (t) => {
  const secret = one.key.split('\n')[3] ?? '';
  const cut = one.key.slice(0, 500);
  for (const [certificate, key, host, problem] of [
    [one.certificate, other.key, HOST, /tls\.key in .* is not that of tls\.crt/],
    [one.certificate, one.key, 'webhook.other.svc', /tls\.crt in .* is not for webhook\.other\.svc/],
    [one.certificate, cut, HOST, /is not in PEM form/],
    [one.key, one.key, HOST, /is not in PEM form/],
    ['', '', HOST, /is not in PEM form/],
    // What TLS refuses must not get there: it would end the webhook, and each that starts.
    [weak.certificate, weak.key, HOST, /TLS refuses tls\.crt or tls\.key in .*: ee key too small/],
    [`${one.certificate}${weak.certificate}`, one.key, HOST, /ca key too small/],
    [`${one.certificate}${one.certificate.slice(0, 300)}`, one.key, HOST, /bad end line/],
    [one.certificate + NO_CERTIFICATE, one.key, HOST, /TLS refuses tls\.crt or tls\.key/],
    // As from a backup. A valid one that is served stays.
    [expired.certificate, expired.key, HOST, /tls\.crt in .* has expired on \d{4}-/],
    [early.certificate, early.key, HOST, /tls\.crt in .* is not valid before \d{4}-/],
  ] as const) {
    const { found } = await read(t, certificate, key, host);
    assert.ok('problem' in found);
    assert.match(found.problem, problem);
    assert.ok(secret !== '' && !found.problem.includes(secret));
  }
});

test('says that nothing is there', async () => {
  assert.deepEqual(await readPair('/nonexistent', HOST, Date.now()), {
    problem: 'tls.crt and tls.key in /nonexistent cannot be read: ENOENT',
  });
});
