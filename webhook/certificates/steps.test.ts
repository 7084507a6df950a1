import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAuthority } from './authority.ts';
import { advance, bootstrap, type Issuance } from './steps.ts';
import { accepts, certificatesIn, validityOf } from './trust.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const HOST = 'hook.system.svc';
const LIFETIMES = { authorityMs: 9_000_000, leafMs: 900_000, settleMs: 2_000 };
const at = (now: number): Issuance => ({ names: [HOST], now, lifetimes: LIFETIMES });

test('the first authority trusts those that it finds, for as long as a leaf of theirs may live', async () => {
  const fresh = await bootstrap([], at(NOW));
  assert.ok(!('previous' in fresh));
  assert.ok(accepts(certificatesIn(fresh.authority.certificate), fresh.leaf.certificate, HOST, NOW));
  const lost = await createAuthority(NOW, LIFETIMES.authorityMs);
  const foreign = fresh.leaf.certificate; // Anything that is no authority of ours.
  const { previous } = await bootstrap([lost.certificate, foreign], at(NOW));
  assert.deepEqual(previous, { certificates: [lost.certificate], until: NOW + LIFETIMES.leafMs });
});

test('an authority is replaced step by step', async () => {
  const first = await bootstrap([], at(NOW));
  const renewed = await advance('renew-leaf', first, at(NOW + 600_000));
  assert.equal(renewed.authority, first.authority);
  assert.equal(validityOf(renewed.leaf.certificate).until, NOW + 1_500_000);

  const announced = await advance('announce-authority', renewed, at(NOW + 700_000));
  assert.deepEqual([announced.authority, announced.leaf], [renewed.authority, renewed.leaf]);

  const switched = await advance('switch-authority', announced, at(NOW + 710_000));
  assert.equal(switched.authority, announced.next);
  assert.ok(!('next' in switched));
  const trusted = certificatesIn(switched.authority.certificate);
  assert.ok(accepts(trusted, switched.leaf.certificate, HOST, NOW + 710_000));
  assert.deepEqual(switched.previous, {
    certificates: [first.authority.certificate],
    until: NOW + 1_500_000,
  });

  const retired = await advance('retire-previous', switched, at(NOW + 1_500_000));
  assert.deepEqual(retired, { authority: switched.authority, leaf: switched.leaf });
});

test('a second change keeps what the first one still trusts', async () => {
  const first = await bootstrap([], at(NOW));
  const once = await advance(
    'switch-authority',
    await advance('announce-authority', first, at(NOW)),
    at(NOW),
  );
  const twice = await advance(
    'switch-authority',
    await advance('announce-authority', once, at(NOW + 1)),
    at(NOW + 1),
  );
  assert.deepEqual(
    twice.previous?.certificates,
    [once.authority, first.authority].map(({ certificate }) => certificate),
  );
  await assert.rejects(advance('switch-authority', first, at(NOW)), /no authority to switch to/);
});
