import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../kubernetes/resources.ts';
import { FakeApi } from '../../kubernetes/testing/fake-api.ts';
import { published } from '../cluster/followers.ts';
import { statusMap } from '../testing/scene.ts';
import { planOf } from './plan.ts';
import type { SideState } from './side.ts';

const instance = (name: string, owner: string, version: string): Pod => ({
  metadata: {
    namespace: 'pg',
    name,
    annotations: { 'cnpg.io/operatorVersion': version },
    ownerReferences: [{ apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', name: 'pg', uid: owner }],
  },
});

function side(name: string, pods: readonly Pod[]): SideState {
  const [found] = published([statusMap()]);
  assert.ok(found !== undefined);
  const key = { namespace: 'pg', name };
  return {
    side: { context: name, api: new FakeApi(), published: found, site: name, key },
    cluster: { metadata: { ...key, uid: name }, spec: { replica: { primary: 'east' } } },
    pods,
    backups: [],
    mayPatch: true,
    isLed: true,
  };
}

const tooOld = (...pods: readonly Pod[]) =>
  planOf({ from: side('east', pods), to: side('west', []), lag: undefined }).preconditions.find(
    ({ name }) => name === 'east: the operator knows tokens',
  )?.obstacle;

test('an instance of an operator that has no tokens is in the way, and no pod that only looks like one', () => {
  assert.match(
    tooOld(instance('east-1', 'east', '1.23.0')) ?? '',
    /^east-1 is of an operator older than 1\.24/,
  );
  assert.equal(tooOld(instance('east-1', 'east', '1.27.0'), instance('a', 'another', '1.0.0')), null);
});
