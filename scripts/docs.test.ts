import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../controller/config.ts';
import { EXAMPLE_FILE } from './configuration-docs.ts';
import { generatedDocs, staleDocs } from './docs.ts';

test('the generated documents are what the code says', () => {
  assert.deepEqual(staleDocs(), [], 'run `npm run docs`');
});

test('the example file of docs/configuration.md loads, and its secrets come from variables', () => {
  const env = {
    CONFIG_FILE: 'example.yaml',
    NAMECHEAP_API_KEY: '0123456789abcdef',
    ON_CALL_SECRET: `whsec_${Buffer.alloc(32).toString('base64')}`,
    TEAM_HOOK: 'https://hooks.example.com/services/x',
  };
  const result = loadConfig(env, () => EXAMPLE_FILE);
  assert.deepEqual(result.ok ? [] : result.problems, []);
});

test('the example of SITES loads', () => {
  const text = generatedDocs().get('docs/configuration.md') ?? '';
  const example = /```json\n([^`]*)```/.exec(text)?.[1];
  assert.ok(example);
  const result = loadConfig({ SITES: example }, () => '');
  assert.deepEqual(result.ok ? [] : result.problems, []);
});
