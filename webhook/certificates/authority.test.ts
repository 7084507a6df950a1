import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import { connect, createServer } from 'node:tls';
import { listenOnLoopback } from '../../test/support/loopback.ts';
import { AUTHORITY_NAME, createAuthority, issueLeaf, type Pair } from './authority.ts';
import { decode, encode, type Stored } from './store.ts';
import { accepts, certificatesIn, isFor, issuerIn, validityOf } from './trust.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const DAY = 86_400_000;
const HOST = 'hook.system.svc';

const authority = await createAuthority(NOW, 3_650 * DAY);
const other = await createAuthority(NOW, 3_650 * DAY);
const leaf = await issueLeaf(authority, [HOST, '127.0.0.1'], NOW, 90 * DAY);
const bundle = certificatesIn(authority.certificate);

describe('certificates', () => {
  test('an authority may sign leaves and nothing more', () => {
    const certificate = new X509Certificate(authority.certificate);
    assert.ok(certificate.ca);
    assert.match(certificate.subject, new RegExp(`^CN=${AUTHORITY_NAME} [0-9a-f]{8}$`));
    assert.equal(certificate.publicKey.asymmetricKeyDetails?.modulusLength, 2048);
    assert.equal(validityOf(certificate).until, NOW + 3_650 * DAY);
    assert.equal(new X509Certificate(leaf.certificate).ca, false);
  });

  test('two are never the same', async () => {
    const serials = [authority, other, leaf].map(
      ({ certificate }) => new X509Certificate(certificate).serialNumber,
    );
    assert.equal(new Set(serials).size, 3);
  });

  test('they are dated back for slow clocks, by no more than a tenth of their life', async () => {
    assert.equal(validityOf(leaf.certificate).from, NOW - 3_600_000);
    const short = await issueLeaf(authority, [HOST], NOW, 60_000);
    assert.deepEqual(validityOf(short.certificate), { from: NOW - 6_000, until: NOW + 60_000 });
  });

  test('a leaf ends with its authority at the latest', async () => {
    const brief = await createAuthority(NOW, DAY);
    const { certificate } = await issueLeaf(brief, [HOST], NOW, 90 * DAY);
    assert.equal(validityOf(certificate).until, NOW + DAY);
  });

  test('a real TLS client that knows only the authority accepts the leaf by name and by address', async () => {
    const now = Date.now();
    const fresh = await createAuthority(now, DAY);
    const served = await issueLeaf(fresh, [HOST, '127.0.0.1'], now, DAY / 2);
    for (const servername of [HOST, '']) {
      assert.equal(await handshake(served, fresh.certificate, servername), 'accepted');
      assert.equal(await handshake(served, other.certificate, servername), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    }
    assert.equal(await handshake(served, fresh.certificate, 'else.svc'), 'ERR_TLS_CERT_ALTNAME_INVALID');
  });
});

describe('trust', () => {
  const cases: Readonly<
    Record<string, [bundle: readonly string[], host: string, now: number, accepted: boolean]>
  > = {
    'by name': [bundle, HOST, NOW, true],
    'by address': [bundle, '127.0.0.1', NOW, true],
    'beside others': [certificatesIn(other.certificate + authority.certificate), HOST, NOW, true],
    'not for another name': [bundle, 'else.svc', NOW, false],
    'not for another address': [bundle, '127.0.0.2', NOW, false],
    'not with another authority': [certificatesIn(other.certificate), HOST, NOW, false],
    'not with the leaf itself': [certificatesIn(leaf.certificate), HOST, NOW, false],
    'not with nothing': [[], HOST, NOW, false],
    'not before its time': [bundle, HOST, NOW - 2 * 3_600_000, false],
    'not after its time': [bundle, HOST, NOW + 90 * DAY, false],
  };
  for (const [name, [trusted, host, now, accepted]] of Object.entries(cases)) {
    test(name, () => assert.equal(accepts(trusted, leaf.certificate, host, now), accepted));
  }

  test('certificates are found among other things, once each', () => {
    const text = `# ours\n${authority.certificate}\n${other.certificate.replaceAll('\n', '\r\n')}${authority.certificate}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`;
    assert.deepEqual(certificatesIn(text), [...bundle, ...certificatesIn(other.certificate)]);
    assert.equal(issuerIn(certificatesIn(text), leaf.certificate, NOW), bundle[0]);
    assert.deepEqual(certificatesIn(''), []);
  });

  test('names are compared without looking at the time', () => {
    const certificate = new X509Certificate(leaf.certificate);
    assert.deepEqual(
      [HOST, '127.0.0.1', 'else.svc', ''].map((name) => isFor(certificate, name)),
      [true, true, false, false],
    );
  });
});

describe('the Secret', async () => {
  const full: Stored = {
    authority,
    leaf,
    next: other,
    previous: { certificates: certificatesIn(other.certificate), until: NOW },
  };

  test('what is written is read again', () => {
    assert.deepEqual(decode(encode({ authority, leaf })), { authority, leaf });
    assert.deepEqual(decode(encode(full)), full);
  });

  const text = (value: string) => Buffer.from(value).toString('base64');
  const spoiled: Readonly<Record<string, [change: Record<string, string>, problem: string]>> = {
    'no certificate': [{ 'tls.crt': '' }, 'tls.crt is not one PEM certificate'],
    'two certificates': [
      { 'ca.crt': text(authority.certificate + other.certificate) },
      'ca.crt is not one PEM certificate',
    ],
    'not base64': [{ 'tls.crt': '!!!' }, 'tls.crt is not one PEM certificate'],
    'no key': [{ 'tls.key': text('secret words') }, 'tls.key is no PEM private key'],
    'the key of another': [{ 'ca.key': text(other.key) }, 'ca.key does not belong to ca.crt'],
    'a leaf of another authority': [
      { 'ca.crt': text(other.certificate), 'ca.key': text(other.key) },
      'tls.crt was not issued by the authority in ca.crt',
    ],
    'a successor without a key': [{ 'next-ca.key': '' }, 'next-ca.key is no PEM private key'],
    'no time': [{ 'previous-ca-until': text('soon') }, 'previous-ca-until is no RFC 3339 time'],
  };
  for (const [name, [change, problem]] of Object.entries(spoiled)) {
    test(`${name}: refused, and nothing of a key is told`, () => {
      assert.throws(() => decode({ ...encode(full), ...change }), { message: problem });
    });
  }

  test('an empty one is refused', () => {
    assert.throws(() => decode({}), { message: 'ca.crt is not one PEM certificate' });
  });
});

async function handshake(served: Pair, ca: string, servername: string): Promise<string> {
  const server = createServer({ cert: served.certificate, key: served.key }, (socket) => socket.end());
  const port = await listenOnLoopback(server);
  try {
    return await new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port, ca, servername }, () => resolve('accepted'));
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      socket.resume();
    });
  } finally {
    server.close();
  }
}
