import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KubeApi, KubeObject, WatchEvent } from './api.ts';
import { isGone, KubeError } from './errors.ts';
import { RestoreDetector, whenRestored } from './etcd-restore.ts';
import { CONFIG_MAPS, NODES, PODS } from './resources.ts';
import { FakeApi, node, page } from './testing/fake-api.ts';

const KEY = { name: 'a' };

function scene() {
  const api = new FakeApi();
  let version = '';
  let uid = 'u';
  const object = () => ({ metadata: { ...KEY, uid, resourceVersion: version } });
  const answers: (() => void)[] = [];
  let isSlow = false;
  const get = () => {
    const found = object();
    return isSlow ? new Promise((resolve) => answers.push(() => resolve(found))) : Promise.resolve(found);
  };
  Object.assign(api, { get, replace: get, patch: get, create: get } satisfies Partial<
    Record<keyof KubeApi, () => Promise<unknown>>
  >);
  const guard = new RestoreDetector(api);
  return {
    api,
    guard,
    answers,
    slowly: () => {
      isSlow = true;
    },
    at: (now: string, identity = uid) => {
      version = now;
      uid = identity;
      api.onList = () => page([], now);
    },
  };
}

/** Reads on until it ends, and gives why. */
async function ending(events: AsyncIterable<WatchEvent<KubeObject>>): Promise<unknown> {
  try {
    for await (const _ of events);
    return undefined;
  } catch (error) {
    return error;
  }
}

const options = { resourceVersion: '50', timeoutSeconds: 300 };

describe('etcd was restored to an older copy: all watches end as expired', () => {
  for (const [what, ask] of [
    ['an object', (api: KubeApi) => api.get(NODES, KEY)],
    ['the answer to a write', (api: KubeApi) => api.replace(NODES, { metadata: KEY })],
    ['a list', (api: KubeApi) => api.list(NODES, { limit: 1 })],
  ] as const) {
    test(`${what} is of a lower version than before`, async () => {
      const { guard, at } = scene();
      const watching = ending(guard.watch(PODS, options));
      at('100');
      await ask(guard);
      at('99');
      await ask(guard);
      assert.ok(isGone(await watching));
      // What begins now belongs to what is there now.
      const stop = new AbortController();
      const next = ending(guard.watch(PODS, { ...options, abort: stop.signal }));
      await ask(guard);
      stop.abort(new Error('the test ends it'));
      assert.match(String(await next), /the test ends it/);
    });
  }

  test('a list is of a lower version than a watch had reached', async () => {
    const { guard, api, at } = scene();
    const other = ending(guard.watch(PODS, options));
    const watch = guard.watch(NODES, options)[Symbol.asyncIterator]();
    const first = watch.next();
    api.lastWatch.send('MODIFIED', node('a', '52'));
    await first;
    at('51');
    await guard.list(NODES, { labelSelector: 'a=b' });
    await assert.rejects(watch.next(), isGone);
    assert.ok(isGone(await other));
    assert.ok(!guard.restored.aborted, 'it was restored once');
  });

  test('a watch brings a lower version than before', async () => {
    const { guard, api } = scene();
    const [one, other] = [ending(guard.watch(NODES, options)), ending(guard.watch(PODS, options))];
    api.watches[0]?.send('BOOKMARK', node('', '49'));
    assert.ok(isGone(await one));
    assert.ok(isGone(await other));
  });

  test('and who asked for it is told each time, until it has enough', async () => {
    const { guard, at } = scene();
    const stop = new AbortController();
    const told: string[] = [];
    whenRestored(guard, () => told.push('restored'), stop.signal);
    for (const version of ['100', '99', '100', '98']) {
      at(version);
      await guard.get(NODES, KEY);
    }
    assert.deepEqual(told, ['restored', 'restored']);
    stop.abort();
    at('97');
    await guard.get(NODES, KEY);
    whenRestored(guard, () => told.push('never'), stop.signal);
    assert.equal(told.length, 2);
  });

  test('and an answer from before counts as none', async () => {
    const { guard, at, slowly, answers } = scene();
    at('100');
    await guard.list(NODES);
    slowly();
    const late = guard.get(NODES, KEY);
    at('90');
    await guard.list(NODES);
    answers.shift()?.();
    await assert.rejects(late, (error: unknown) => error instanceof KubeError && error.status === 0);
  });
});

describe('nothing is taken for it that is none:', () => {
  async function survives(run: (parts: ReturnType<typeof scene>) => Promise<unknown>): Promise<void> {
    const parts = scene();
    const stop = new AbortController();
    const watching = ending(parts.guard.watch(PODS, { ...options, abort: stop.signal }));
    parts.at('100');
    await parts.guard.get(NODES, KEY);
    await parts.guard.list(NODES);
    await run(parts);
    stop.abort(new Error('still there'));
    assert.match(String(await watching), /still there/);
  }

  test('the same version, another object of the name, another resource, a further page', () =>
    survives(async ({ guard, at, api }) => {
      await guard.get(NODES, KEY);
      await guard.list(NODES);
      at('90', 'another');
      await guard.get(NODES, KEY);
      await guard.get(CONFIG_MAPS, { ...KEY, namespace: 'here' });
      await guard.list(CONFIG_MAPS, { namespace: 'here' });
      await guard.list(NODES, { continue: 'more' });
      api.lastWatch.send('BOOKMARK', node('', '50'));
    }));

  test('answers that come in another order than they were asked for', () =>
    survives(async ({ guard, at, slowly, answers }) => {
      slowly();
      const first = guard.get(NODES, KEY);
      at('101');
      const second = guard.get(NODES, KEY);
      answers[1]?.();
      await second;
      answers[0]?.();
      await first;
    }));
});
