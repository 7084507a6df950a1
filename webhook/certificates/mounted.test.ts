import assert from 'node:assert/strict';
import { before, type TestContext, test } from 'node:test';
import { MountedCopy } from '../../test/support/mounted-copy.ts';
import { createAuthority, issueLeaf, type Pair } from './authority.ts';
import { readPair } from './mounted.ts';

const HOST = 'webhook.system.svc';
const DAY_MS = 86_400_000;
let one: Pair;
let other: Pair;

before(async () => {
  const authority = await createAuthority(Date.now(), 9 * DAY_MS);
  one = await issueLeaf(authority, [HOST], Date.now(), DAY_MS);
  other = await issueLeaf(authority, [HOST], Date.now(), DAY_MS);
});

async function read(t: TestContext, certificate: string, key: string, host = HOST) {
  const copy = await MountedCopy.create({ 'tls.crt': certificate, 'tls.key': key });
  t.after(() => copy.remove());
  return { found: await readPair(copy.folder, host), folder: copy.folder };
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
  ] as const) {
    const { found } = await read(t, certificate, key, host);
    assert.ok('problem' in found);
    assert.match(found.problem, problem);
    assert.ok(secret !== '' && !found.problem.includes(secret));
  }
});

test('says that nothing is there', async () => {
  assert.deepEqual(await readPair('/nonexistent', HOST), {
    problem: 'tls.crt and tls.key in /nonexistent cannot be read: ENOENT',
  });
});
