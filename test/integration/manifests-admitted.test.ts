import assert from 'node:assert/strict';
import { test } from 'node:test';
import { injectManifests } from '../../cli/manifests/inject.ts';
import { loadInjectorConfig } from '../../webhook/injector-config.ts';
import { GOLDEN_ENV } from '../support/golden.ts';
import { comparable, PLURALS } from '../support/golden-cluster.ts';
import { manifestCorpus } from '../support/manifests/corpus.ts';
import { injected } from '../support/manifests/expected.ts';
import { readWithKubectl } from '../support/manifests/judges.ts';
import { send } from '../support/raw-api.ts';
import { createNamespace } from '../support/seed.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';

const loaded = loadInjectorConfig(GOLDEN_ENV);
assert.ok(loaded.ok);
const { value: config } = loaded;
const plane = await sharedControlPlane();
const namespace = await createNamespace(plane, 'manifests');

/** The API server reads the text itself, as kubectl hands on no text. */
async function admitted(kind: string, body: unknown, type: string) {
  const path = `${PLURALS[kind]?.replace('NS', namespace)}?dryRun=All`;
  const answer = await send(plane, 'POST', path, body, type);
  return { status: answer.status, pod: answer.status === 201 ? comparable(answer.body) : undefined };
}

test('an API server takes injected manifests for what they were, and what the webhook would add', async () => {
  const files = manifestCorpus('admitted', 550).filter(
    ({ forKubectl, text }) => forKubectl && text.startsWith('apiVersion'),
  );
  const read = await readWithKubectl(files.map(({ text }) => text));
  let taken = 0;
  for (const [index, { name, text }] of files.entries()) {
    const [object, ...others] = (read[index] ?? []) as { kind: string }[];
    if (object === undefined || others.length > 0 || PLURALS[object.kind] === undefined) continue;
    const before = await admitted(object.kind, text, 'application/yaml');
    const after = await admitted(object.kind, injectManifests(text, config).output, 'application/yaml');
    assert.equal(after.status, before.status, name);
    if (before.status !== 201) continue;
    taken += 1;
    const wanted = await admitted(object.kind, injected(object, config), 'application/json');
    assert.deepEqual(after, wanted, name);
  }
  assert.ok(taken > 50, `${taken}`);
});
