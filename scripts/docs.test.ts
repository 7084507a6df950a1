import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../controller/config.ts';
import { EXAMPLE_FILE, generatedDocs, staleDocs } from './docs.ts';

test('the generated documents are what the code says', () => {
  assert.deepEqual(staleDocs(), [], 'run `npm run docs`');
});

test('the example file of docs/configuration.md loads, and the key may come from a variable', () => {
  const env = { CONFIG_FILE: 'example.yaml', NAMECHEAP_API_KEY: '0123456789abcdef' };
  const result = loadConfig(env, () => EXAMPLE_FILE);
  assert.deepEqual(result.ok ? [] : result.problems, []);
});

test('every JSON example in the documents is JSON', () => {
  const blocks = [...generatedDocs().values()].flatMap((text) => [...text.matchAll(/```json\n([^`]*)```/g)]);
  assert.ok(blocks.length > 0);
  for (const [, block = ''] of blocks) assert.doesNotThrow(() => JSON.parse(block));
});
