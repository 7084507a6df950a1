import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { chooseSite, type Rules, type SiteReadiness, trackReadiness } from './choose-site.ts';

const MANUAL: Rules = { unreadyAfterMs: 60_000, stableForMs: undefined };
const AUTO: Rules = { unreadyAfterMs: 60_000, stableForMs: 300_000 };
const NOW = 1_000_000;

/** `a+100` is ready since 100 s, `b-20` is unready since 20 s. */
function sites(text: string): Map<string, SiteReadiness> {
  return new Map(
    text.split(' ').map((part) => {
      const [, site = '', sign, seconds] = /^(\w+)([+-])(\d+)$/.exec(part) ?? [];
      return [site, { ready: sign === '+', mark: '', since: NOW - Number(seconds) * 1000 }];
    }),
  );
}

const cases: [what: string, standing: string, active: string, rules: Rules, verdict: object][] = [
  ['at first the first ready one', 'a-0 b+0 c+0', '', MANUAL, { kind: 'active', site: 'b' }],
  ['at first, when none is ready, none', 'a-0 b-0', '', MANUAL, { kind: 'none ready' }],
  [
    'an active one that is configured no more is none',
    'a+0 b+0',
    'gone',
    MANUAL,
    { kind: 'active', site: 'a' },
  ],
  ['a ready one stays', 'a-9 b+9', 'b', MANUAL, { kind: 'active', site: 'b' }],
  ['an unready one is waited for', 'a-20 b+99', 'a', MANUAL, { kind: 'waiting', site: 'a', dueMs: 40_000 }],
  ['and given up', 'a-60 b+99 c+99', 'a', MANUAL, { kind: 'active', site: 'b' }],
  ['but not when no other is ready', 'a-999 b-1', 'a', MANUAL, { kind: 'none ready' }],
  ['the next one may be one before it', 'a+1 b-60 c+99', 'b', MANUAL, { kind: 'active', site: 'a' }],
  ['nobody goes back by himself', 'a+9999 b+99', 'b', MANUAL, { kind: 'active', site: 'b' }],
  ['unless he is told to', 'a+300 b+99', 'b', AUTO, { kind: 'active', site: 'a' }],
  ['when the better one is stable', 'a+100 b+99', 'b', AUTO, { kind: 'active', site: 'b', dueMs: 200_000 }],
  ['the best stable one first', 'a+10 b+300 c+9', 'c', AUTO, { kind: 'active', site: 'b' }],
  ['never to a worse one', 'a+9 b+999', 'a', AUTO, { kind: 'active', site: 'a' }],
];

describe('which site is active:', () => {
  for (const [what, standing, active, rules, verdict] of cases) {
    test(what, () => assert.deepEqual(chooseSite(sites(standing), active, NOW, rules), verdict));
  }
});

describe('how long a site stands as it does', () => {
  const a = { site: 'a', ready: true, mark: '1' };

  test('begins at its first look', () => {
    assert.equal(trackReadiness([a], new Map(), 5).get('a')?.since, 5);
  });

  test('goes on while nothing changes', () => {
    const before = trackReadiness([a], new Map(), 5);
    assert.equal(trackReadiness([a], before, 9).get('a')?.since, 5);
  });

  test('begins again with any change, also with one that was over before the look', () => {
    const before = trackReadiness([a], new Map(), 5);
    assert.equal(trackReadiness([{ ...a, ready: false }], before, 9).get('a')?.since, 9);
    assert.equal(trackReadiness([{ ...a, mark: '2' }], before, 9).get('a')?.since, 9);
  });
});

test('whatever the nodes do: the active site is a ready one, or one that is not given up yet', () => {
  const step = fc.record({
    ms: fc.nat(120_000),
    ready: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.constantFrom(MANUAL, AUTO), (steps, rules) => {
      let now = 0;
      let active = '';
      let standing: Map<string, SiteReadiness> = new Map();
      for (const { ms, ready } of steps) {
        now += ms;
        const facts = ['a', 'b', 'c'].map((site, index) => ({
          site,
          ready: ready[index] === true,
          mark: '',
        }));
        standing = trackReadiness(facts, standing, now);
        const verdict = chooseSite(standing, active, now, rules);
        const before = standing.get(active);
        if (verdict.kind !== 'active') {
          assert.equal(before?.ready ?? false, false);
          continue;
        }
        assert.equal(standing.get(verdict.site)?.ready, true);
        const moved = verdict.site !== active && active !== '';
        // It leaves a ready site only for a better and stable one, and an unready one only after the time.
        if (moved && before?.ready === true) {
          const stableMs = now - (standing.get(verdict.site)?.since ?? now);
          assert.ok(
            rules.stableForMs !== undefined && stableMs >= rules.stableForMs && verdict.site < active,
          );
        }
        if (moved && before?.ready === false) assert.ok(now - before.since >= rules.unreadyAfterMs);
        active = verdict.site;
      }
    }),
  );
});
