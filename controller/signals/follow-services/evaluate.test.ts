import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Evaluation, evaluate, type ServiceTransition, transitions } from './evaluate.ts';
import { planService } from './plan.ts';
import type { FollowedService } from './service.ts';

const GOAL = { follower: 'default', site: 'us', epoch: 3, now: '2030-01-01T00:00:00Z' };
const SERVICE: FollowedService = {
  follower: 'default',
  key: { namespace: 'app', name: 'web' },
  version: '1',
  wanted: true,
  refused: undefined,
  left: false,
  pods: [1],
  siteKeys: ['site-follower/site'],
  site: 'us',
  epoch: 3,
  anySite: false,
  mayReleaseOwnership: false,
  anySiteAfterMs: Number.POSITIVE_INFINITY,
};

/** What is evaluated and reported as seconds go by; each step says how many ready pods are here, and how many elsewhere. */
function story(
  anySiteAfterMs: number,
  steps: readonly (readonly [second: number, here: number, elsewhere: number])[],
) {
  const reported: ServiceTransition[] = [];
  let last: Evaluation | undefined;
  for (const [second, here, elsewhere] of steps) {
    const service = { ...SERVICE, anySiteAfterMs, anySite: last?.anySite === true };
    const next = evaluate(service, { here, elsewhere, unlabelled: 0 }, GOAL, last, second * 1_000);
    reported.push(...transitions(service, last, next));
    last = next;
  }
  return { reported, last };
}

test('what is open to any site stays so until the active one has a ready pod, whatever becomes of the others', () => {
  const begin = [
    [0, 0, 1],
    [31, 0, 1],
    [40, 0, 0],
    [41, 0, 1],
  ] as const;
  const { reported, last } = story(30_000, begin);
  assert.equal(last?.anySite, true);
  assert.deepEqual(reported, ['any-site']);
  assert.equal(story(30_000, [...begin, [50, 1, 1]]).last?.anySite, false);
});

test('nothing else is reported while it is open to any site, and at its end that it is served', () => {
  const { reported } = story(1_000, [
    [0, 0, 1],
    [1, 0, 1],
    [3, 0, 1],
    [9, 1, 1],
  ]);
  assert.deepEqual(reported, ['any-site', 'served']);
});

test('what holds is reported once, also when the others have none for a while, and served only by the active site', () => {
  const { reported } = story(Number.POSITIVE_INFINITY, [
    [0, 0, 1],
    [3, 0, 1],
    [5, 0, 0],
    [6, 0, 1],
    [7, 1, 1],
  ]);
  assert.deepEqual(reported, ['empty', 'served']);
});

test('a Service that is open to any site closes only when the ready pods of the active one carry their site', () => {
  const open = { ...SERVICE, siteKeys: [], site: undefined, anySite: true, anySiteAfterMs: 30_000 };
  const plan = (unlabelled: number) =>
    planService(open, GOAL, evaluate(open, { here: 2, elsewhere: 1, unlabelled }, GOAL, undefined, 0));
  assert.equal(plan(1), undefined);
  assert.deepEqual(plan(0)?.spec.selector, { 'site-follower/site': 'us' });
});
