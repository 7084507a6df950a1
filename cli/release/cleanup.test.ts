import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeApi, Resource } from '../../kubernetes/api.ts';
import { explain } from '../../runtime/explain.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { cleanup } from './cleanup.ts';
import { Refused } from './refused.ts';

const OPTIONS = { namespace: 'ops', copies: [], pods: 'app=x', leases: ['ours'], secrets: [], leftPods: [] };

/** Runs it beside a pod that never ends. */
async function attempt(deletionTimestamp: string | undefined) {
  const clock = new VirtualClock();
  const removed: string[] = [];
  const pod = { metadata: { name: 'controller-1', ...(deletionTimestamp && { deletionTimestamp }) } };
  const list = async ({ plural }: Resource) => ({ items: plural === 'pods' ? [pod] : [] });
  const api = {
    list,
    delete: async (_: Resource, { name }: { name: string }) => void removed.push(name),
  } as unknown as Pick<KubeApi, 'list' | 'delete'>;
  const ended = cleanup(OPTIONS, { api, clock, say: () => undefined }, new AbortController().signal).then(
    () => undefined,
    (error: unknown) => error,
  );
  await clock.advance(300_000);
  return { error: await ended, removed };
}

test('beside a release that nobody has uninstalled it removes nothing, and says so', async () => {
  const { error, removed } = await attempt(undefined);
  assert.ok(error instanceof Refused, explain(error));
  assert.match(error.message, /^nothing was removed, as nobody has deleted these pods: controller-1/);
  assert.deepEqual(removed, []);
});

test('a pod on a lost node, which cannot end, does not keep it', async () => {
  const { error, removed } = await attempt('2030-01-01T00:00:00Z');
  assert.equal(error, undefined);
  assert.deepEqual(removed, ['ours']);
});
