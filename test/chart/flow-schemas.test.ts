import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROGRAM } from '../../contract/names.ts';
import { chartUnderTest, SITES } from '../support/chart/render.ts';

const chart = await chartUnderTest();

async function flowSchemas(values: object) {
  const manifests = await chart.render({ values: { ...SITES, ...values } });
  return manifests.filter(({ kind }) => kind === 'FlowSchema');
}

test('where the webhook is not there, no schema names its account', async () => {
  const text = JSON.stringify(await flowSchemas({ webhook: { mode: 'policy' } }));
  assert.match(text, new RegExp(`${PROGRAM}-controller`));
  assert.doesNotMatch(text, new RegExp(`${PROGRAM}-webhook`));
});

test('without the setting there is none', async () => {
  assert.deepEqual(await flowSchemas({ apiPriority: { enabled: false } }), []);
});
