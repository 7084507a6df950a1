import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { LABELS } from '../../contract/names.ts';
import { systemClock } from '../../runtime/clock.ts';
import { goldenCases } from '../../test/support/golden.ts';
import { until } from '../../test/support/until.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { admit } from '../admission.ts';
import type { Limit } from '../inject/limits.ts';
import { parseReview, type Review, reviewWith } from '../review.ts';
import { config, POD, pod, review } from '../testing/reviews.ts';
import { LargeReviews } from './large-reviews.ts';

const STRICT: readonly Limit[] = [{ type: 'Container', max: { memory: '1Mi' } }];
const known = {
  active: (follower: string) => (follower === 'default' ? { site: 'east', epoch: 7 } : undefined),
  followed: () => [{ namespace: 'shop', labels: { app: 'db' }, names: [], primary: '' }],
  limits: (namespace: string) => (namespace === 'strict' ? STRICT : []),
};

function start(t: TestContext, clock = systemClock) {
  const reviews = new LargeReviews({ config, ...known, clock });
  t.after(() => reviews.stop());
  return reviews;
}

const bytesOf = (body: unknown) => new Uint8Array(new TextEncoder().encode(JSON.stringify(body)));
const ALIVE = review({ kind: POD, object: pod() });

function here(body: unknown): Review {
  const { active, followed, limits } = known;
  const judge = (body: unknown) => admit(body, config, active, followed(), limits);
  return reviewWith(judge, parseReview(bytesOf(body), 'utf-8'), () => 0);
}

/** How long it took is another each time. */
const untimed = (reviewed: Review) => ({ ...reviewed, seconds: 0 });

const VERSIONS: Readonly<Record<string, { readonly group: string; readonly version: string }>> = {
  v1: { group: '', version: 'v1' },
  'apps/v1': { group: 'apps', version: 'v1' },
};

function goldenReviews(): readonly unknown[] {
  const objects = goldenCases().flatMap(({ input }) =>
    parseAllDocuments(input).flatMap((document) => (document.errors.length > 0 ? [] : [document.toJS()])),
  );
  return objects.flatMap((object) => {
    const at = VERSIONS[object?.apiVersion];
    return at === undefined ? [] : [review({ kind: { ...at, kind: object.kind }, object })];
  });
}

test('a review comes to the same as in the main thread, whatever it is about', async (t) => {
  const reviews = start(t);
  const service = (follower: string) => ({
    metadata: {
      name: 'web',
      labels: { [LABELS.follow]: 'true' },
      annotations: { 'site-follower/follower': follower },
    },
    spec: { selector: { app: 'web' } },
  });
  const golden = goldenReviews();
  assert.ok(golden.length > 50, `${golden.length}`);
  const bodies = [
    ...golden,
    review({ kind: POD, namespace: 'strict', object: pod() }),
    review({
      kind: POD,
      object: pod({ metadata: { labels: { app: 'db', 'site-follower/inject': 'true' } } }),
    }),
    review({ kind: { ...POD, kind: 'Service' }, object: service('default') }),
    review({ kind: { ...POD, kind: 'Service' }, object: service('other') }),
    review({ kind: POD, dryRun: true, object: { spec: 7 } }),
    { ...review({}), kind: 'Review' },
    {},
  ];
  const kinds = new Set<string>();
  for (const body of bodies) {
    const reviewed = untimed(await reviews.review(bytesOf(body), 'utf-8'));
    assert.deepEqual(reviewed, untimed(here(body)));
    kinds.add('judged' in reviewed ? reviewed.judged.outcome.action : reviewed.kind);
  }
  for (const kind of ['injected', 'skipped', 'denied', 'carried', 'routed', 'malformed']) {
    assert.ok(kinds.has(kind), `none was ${kind}: ${[...kinds].join(', ')}`);
  }
});

test('what is no JSON is refused as in the main thread', async (t) => {
  const reviews = start(t);
  for (const text of ['{"review":', '7', 'null']) {
    const bytes = new TextEncoder().encode(text);
    const refused = await reviews.review(new Uint8Array(bytes), 'utf-8').catch((error: unknown) => error);
    assert.throws(() => parseReview(bytes, 'utf-8'), refused as Error);
  }
  assert.equal((await reviews.review(bytesOf(ALIVE), 'utf-8')).kind, 'answered');
});

test('when the thread has failed the next review gets another one', async (t) => {
  const reviews = start(t);
  // No listener would ask for that.
  await assert.rejects(reviews.review(bytesOf(ALIVE), 'klingon'), /the thread for large reviews has failed/);
  assert.equal((await reviews.review(bytesOf(ALIVE), 'utf-8')).kind, 'answered');
});

test('one that takes too long is given up, with its thread', async (t) => {
  const clock = new VirtualClock();
  const reviews = start(t, clock);
  const reviewing = reviews.review(bytesOf(ALIVE), 'utf-8');
  // Before the thread is there at all.
  await Promise.all([
    assert.rejects(reviewing, { status: 503, message: /within 5 s/ }),
    clock.advance(5_000),
  ]);
  assert.equal((await reviews.review(bytesOf(ALIVE), 'utf-8')).kind, 'answered');
});

test('the thread goes when nothing large has come for a minute', async (t) => {
  const threads = () =>
    readdirSync('/proc/self/task').filter((id) =>
      readFileSync(`/proc/self/task/${id}/comm`, 'utf8').startsWith('large-reviews'),
    ).length;
  const goes = () => until('it has gone', () => threads() === 0 || undefined, { timeoutMs: 10_000 });
  const clock = new VirtualClock();
  const reviews = start(t, clock);
  await goes();
  await reviews.review(bytesOf(ALIVE), 'utf-8');
  await clock.advance(59_000);
  assert.equal(threads(), 1);
  await clock.advance(2_000);
  await goes();
  assert.equal((await reviews.review(bytesOf(ALIVE), 'utf-8')).kind, 'answered');
  reviews.stop();
  assert.equal(clock.pending, 0);
});

test('the largest bodies of the smallest things end no thread', { timeout: 60_000 }, async (t) => {
  // By its own clock none takes too long, however busy the machine is.
  const reviews = start(t, new VirtualClock());
  const LARGEST = 4 * 1_024 * 1_024 - 1_000;
  const fill = (item: (index: number) => string) => {
    const items: string[] = [];
    for (let [index, length] = [0, 0]; length < LARGEST; index += 1) {
      items.push(item(index));
      length += (items.at(-1)?.length ?? 0) + 1;
    }
    return items.slice(0, -1).join(',');
  };
  const shapes = [
    `[${fill(() => '{}')}]`,
    `[${fill(() => '[]')}]`,
    `[${fill(() => '{"a":{}}')}]`,
    `{${fill((index) => `"${index.toString(36)}":{}`)}}`,
    `${'['.repeat(LARGEST / 2)}${']'.repeat(LARGEST / 2)}`,
    `${'{"a":'.repeat(LARGEST / 8)}7${'}'.repeat(LARGEST / 8)}`,
  ];
  const required = 'requiredDuringSchedulingIgnoredDuringExecution';
  const inPod = (spec: string) =>
    `{"metadata":{"labels":{"site-follower/inject":"true"}},"spec":{"containers":[],${spec}}}`;
  const fields = [
    inPod(`"initContainers":[${fill(() => '{}')}]`),
    inPod(`"initContainers":[{"name":"a","ports":[${fill(() => '{}')}]}]`),
    inPod(`"initContainers":[${fill(() => `{"name":"a","ports":[${'{},'.repeat(5_000)}{}]}`)}]`),
    inPod(`"volumes":[${fill(() => '{}')}]`),
    inPod(`"affinity":{"podAntiAffinity":{"${required}":[${fill(() => '{}')}]}}`),
    inPod(`"affinity":{"nodeAffinity":{"${required}":{"nodeSelectorTerms":[${fill(() => '{}')}]}}}`),
    inPod(`"affinity":{"nodeAffinity":{"${required}":{"nodeSelectorTerms":[${fill(() => '7')}]}}}`),
  ];
  for (const shape of [...shapes, ...fields]) {
    const text = JSON.stringify(review({ kind: POD, object: '@' })).replace('"@"', shape);
    const bytes = new Uint8Array(new TextEncoder().encode(text));
    const reviewed = await reviews.review(bytes, 'utf-8');
    assert.equal(reviewed.kind, 'answered', shape.slice(0, 40));
  }
});
