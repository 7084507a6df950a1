import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { APP, TriggerScene } from '../../../test/support/trigger-scene.ts';
import { PSMDBS } from './psmdb.ts';

const KEY = { namespace: APP, name: 'db' };

let kube: TriggerScene;

beforeEach(() => {
  kube = new TriggerScene();
  kube.configure({ kind: 'mongodb', source: 'psmdb', namespace: APP, clusterName: 'db', replicaSet: 'rs0' });
  kube.createPod('db-rs0-0', 'us-1');
  kube.createPod('db-rs0-1', 'eu-1');
});

afterEach(() => kube.end());

/** As `rs.status()` has it: 1 is PRIMARY, 2 SECONDARY. */
const setStates = (first: number, second: number) =>
  setMembers({
    'db-rs0-0': { name: 'db-rs0-0.db-rs0.app:27017', state: first, stateStr: '' },
    'db-rs0-1': { name: 'db-rs0-1.db-rs0.app:27017', state: second, stateStr: '' },
  });
const setMembers = (members: unknown) =>
  kube.change(PSMDBS, { metadata: KEY, status: { replsets: { rs0: { members } } } });

test('the member in state PRIMARY is followed, of this replica set', async () => {
  assert.equal(await kube.look(), 'SourceNotFound');
  kube.create(PSMDBS, { metadata: KEY });
  assert.equal(await kube.look(), 'PrimaryEmpty');
  kube.change(PSMDBS, {
    metadata: KEY,
    status: { replsets: { cfg: { members: { 'db-cfg-0': { state: 1 } } } } },
  });
  assert.equal(await kube.look(), 'PrimaryEmpty');
  setStates(1, 2);
  assert.equal(await kube.look(), 'db-rs0-0@us-1');
  setStates(2, 1);
  assert.equal(await kube.look(), 'db-rs0-1@eu-1');
  setStates(2, 2);
  assert.equal(await kube.look(), 'PrimaryEmpty');
  setStates(1, 1);
  assert.equal(await kube.look(), 'PrimaryAmbiguous');
});

test('whatever else stands there holds', async () => {
  kube.create(PSMDBS, { metadata: KEY });
  for (const members of ['db-rs0-0', 7, [{ name: 'db-rs0-0', state: 1 }]]) {
    setMembers(members);
    assert.equal(await kube.look(), 'SourceInvalid', JSON.stringify(members));
  }
  setMembers(null);
  kube.change(PSMDBS, { metadata: KEY, status: { replsets: ['rs0'] } });
  assert.equal(await kube.look(), 'PrimaryEmpty');
  kube.change(PSMDBS, { metadata: KEY, status: { replsets: { rs0: { members: { 'db-rs0-0': null } } } } });
  assert.equal(await kube.look(), 'PrimaryEmpty');
});

test('one that is paused is called so, whatever its status still shows', async () => {
  kube.create(PSMDBS, { metadata: KEY });
  setStates(1, 2);
  await kube.watch();
  const pause = (on: boolean) => kube.change(PSMDBS, { metadata: KEY, spec: { pause: on } });
  assert.equal(await kube.wakesBy(() => pause(true)), true);
  assert.equal(await kube.look(), 'ClusterHibernated');
  assert.equal(await kube.wakesBy(() => pause(false)), true);
  assert.equal(await kube.look(), 'db-rs0-0@us-1');
});

test('another primary wakes the controller, another state of a secondary does not', async () => {
  kube.create(PSMDBS, { metadata: KEY });
  setStates(1, 2);
  await kube.watch();
  assert.equal(await kube.wakesBy(() => setStates(1, 8)), false);
  assert.equal(await kube.wakesBy(() => setStates(2, 1)), true);
});
