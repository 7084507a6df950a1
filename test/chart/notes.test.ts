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
