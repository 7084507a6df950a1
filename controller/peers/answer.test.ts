import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { topology } from '../../test/support/page-states.ts';
import { sidesIn } from './answer.ts';

/** As the controller in us-east serves it; `change` alters the document. */
function answer(change: (follower: { name: string; status: object; report: object }) => unknown = () => 0) {
  const view = JSON.parse(JSON.stringify(topology())) as {
    followers: { name: string; status: object; report: object }[];
  };
  for (const follower of view.followers) change(follower);
  return JSON.stringify(view);
}

test('what a controller serves is what its peer shows', () => {
  assert.deepEqual(sidesIn(answer()), [
    {
      follower: 'default',
      site: 'us-east',
      activeSite: 'us-east',
      phase: 'Settled',
      reason: '',
      epoch: 9,
      timeline: 7,
      claim: 'own',
    },
  ]);
});

test('one that stands by for a later claim says for whose', () => {
  const rivals = {
    'example.com': 'v=site-follower1; owner=pg-west; site=eu-west; timeline=8; epoch=3',
    'example.org': 'v=site-follower1; owner=pg-asia; site=asia; timeline=9; epoch=3',
  };
  const claim = { promotedTo: 7, demotedAt: '', rivals };
  const sides = sidesIn(answer((follower) => Object.assign(follower.report, { claim })));
  assert.deepEqual(sides?.[0]?.claim, { owner: 'pg-asia', timeline: 9 });
});

test('what is no status is none', () => {
  for (const text of ['', '<html>', '[]', 'null', '{"followers":{}}', '"followers"', '{"followers":']) {
    assert.equal(sidesIn(text), undefined, text);
  }
});

test('a follower that publishes nothing, or something malformed, is left out', () => {
  for (const status of [
    undefined,
    null,
    {},
    { epoch: -1 },
    { epoch: 1e300 },
    { phase: 'Nonsense' },
    { sites: { east: 'node-1' } },
    { activeSite: ['us-east'] },
  ]) {
    const body = answer((follower) => {
      const whole = status ? { ...follower.status, ...status } : status;
      follower.status = (status && Object.keys(status).length > 0 ? whole : status) as object;
    });
    assert.deepEqual(sidesIn(body), [], JSON.stringify(status));
  }
});

test('of a malformed report nothing is known, and the status counts', () => {
  for (const report of [undefined, null, [], { claim: 7 }, { claim: { rivals: { 'example.com': 7 } } }]) {
    const [side] = sidesIn(answer((follower) => Object.assign(follower, { report }))) ?? [];
    assert.deepEqual([side?.activeSite, side?.claim, side?.timeline], ['us-east', 'none', undefined]);
  }
});

test('texts, and how many followers there are, have a bound', () => {
  const long = 'x'.repeat(100_000);
  const one = JSON.parse(
    answer((follower) => {
      follower.name = long;
      Object.assign(follower.status, { activeSite: long, reason: long, sites: { [long]: ['node'] } });
    }),
  ) as { followers: unknown[] };
  const sides = sidesIn(JSON.stringify({ followers: Array.from({ length: 40 }, () => one.followers[0]) }));
  assert.equal(sides?.length, 16);
  assert.ok(JSON.stringify(sides).length < 16 * 2_500);
});

test('of what is wrong it looks at the first thing, however much there is', () => {
  const wrong = Array.from({ length: 190_000 }, () => 7);
  const entries = Object.fromEntries(wrong.entries());
  for (const sites of [{ east: wrong }, entries])
    assert.deepEqual(sidesIn(answer((follower) => Object.assign(follower.status, { sites }))), []);
  const claim = { demotedAt: '', rivals: entries, made: entries };
  const [side] = sidesIn(answer((follower) => Object.assign(follower.report, { claim }))) ?? [];
  assert.equal(side?.claim, 'none');
});

test('no document at all makes it fail', () => {
  const follower = fc.record({ name: fc.string(), status: fc.anything(), report: fc.anything() });
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.record({ followers: fc.array(follower) })), (document) => {
      sidesIn(JSON.stringify(document) ?? '');
    }),
  );
});
