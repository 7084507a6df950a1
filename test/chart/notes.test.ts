import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMMAND_NAME, createProgram } from '../../cli/run.ts';
import { recordingTerminal } from '../../cli/testing/terminal.ts';
import { EVERYTHING, layered, SECRET_VALUE } from '../support/chart/examples.ts';
import { chartUnderTest, NAMESPACE, SITES } from '../support/chart/render.ts';

const chart = await chartUnderTest();

test('the notes tell how to see the state', async () => {
  const notes = await chart.notes(SITES);
  assert.match(notes, /kubectl -n release-namespace get configmap kube-site-follower-status/);
  // The pod of helm test has the same image, and waits for it as well.
  assert.match(
    notes,
    /kubectl -n release-namespace get pods -l app\.kubernetes\.io\/instance=kube-site-follower/,
  );
  assert.match(notes, /kubectl label deployment NAME site-follower\/inject=true/);
  assert.doesNotMatch(notes, /dryRun|clusters\.postgresql/);
  // They are printed before any pod has its image.
  assert.doesNotMatch(notes, /\bruns\b/);
});

test('the notes tell what is left to do, as far as Helm can know', async () => {
  const notes = await chart.notes(SITES);
  assert.match(notes, /No DNS record follows: name some as controller\.dns\.records/);
  // It has not looked into a cluster.
  assert.doesNotMatch(notes, /nothing to follow/);
  assert.doesNotMatch(await chart.notes(layered(SITES, EVERYTHING)), /No DNS record follows/);
});

test('the notes speak of what is switched on', async () => {
  const notes = await chart.notes(layered(SITES, EVERYTHING));
  assert.match(notes, /controller\.dryRun is set/);
  assert.match(notes, /kubectl -n postgres get clusters\.postgresql\.cnpg\.io main/);
  assert.ok(!notes.includes(SECRET_VALUE));
});

test('the notes name the status of each follower', async () => {
  const followers = [{ name: 'one' }, { name: 'default' }];
  const notes = await chart.notes({ controller: { config: { followers, configMapName: 'place' } } });
  const named = [...notes.matchAll(/get configmap (\S+)/g)].map(([, name]) => name);
  assert.deepEqual(named, ['place-one', 'place']);
});

test('the notes call the kubectl plugin as it wants to be called', async () => {
  const notes = await chart.notes(SITES);
  const lines = notes.split('\n').filter((line) => line.includes(COMMAND_NAME));
  const called: object[] = [];
  for (const line of lines) {
    const program = createProgram(recordingTerminal(), async (name, command) => {
      called.push([name, command.opts()]);
    });
    const args = line.trim().slice(`${COMMAND_NAME} `.length).split(' ');
    await assert.doesNotReject(program.parseAsync(args, { from: 'user' }), line);
  }
  const options = { namespace: NAMESPACE, output: 'text' };
  assert.deepEqual(called, [
    ['status', options],
    ['check', options],
  ]);
});
