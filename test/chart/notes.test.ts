import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EVERYTHING, layered } from '../support/chart/examples.ts';
import { chartUnderTest, SITES } from '../support/chart/render.ts';

const chart = await chartUnderTest();

test('the notes tell how to see the state', async () => {
  const notes = await chart.notes(SITES);
  assert.match(notes, /kubectl -n release-namespace get configmap kube-site-follower-status/);
  assert.match(notes, /kubectl label deployment NAME site-follower\/inject=true/);
  assert.doesNotMatch(notes, /dryRun|clusters\.postgresql/);
});

test('the notes speak of what is switched on', async () => {
  const notes = await chart.notes(layered(SITES, EVERYTHING));
  assert.match(notes, /controller\.dryRun is set/);
  assert.match(notes, /kubectl -n postgres get clusters\.postgresql\.cnpg\.io main/);
  assert.doesNotMatch(notes, /not-in-a-config-map/);
});

test('the notes name the status of each follower', async () => {
  const followers = [{ name: 'one' }, { name: 'default' }];
  const notes = await chart.notes({ controller: { config: { followers, configMapName: 'place' } } });
  const named = [...notes.matchAll(/get configmap (\S+)/g)].map(([, name]) => name);
  assert.deepEqual(named, ['place-one', 'place']);
});
